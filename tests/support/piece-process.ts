/**
 * A process that runs a graph in pieces for split-graph.test.ts. It stops after its first piece until the parent says, by
 * a byte on the standard input, that its message to cancel lies in the channel; then it goes on and tells how far it came.
 */
import { readSync } from "node:fs";
import { Tensor } from "onnxruntime-node";
import { openSplitGraph } from "../../src/main/models/split-graph.ts";

const [path = "", rows = "", width = ""] = process.argv.slice(2);
const shape = [Number(rows), Number(width)];
const x = new Tensor("float32", new Float32Array(shape[0]! * shape[1]!).fill(0.5), shape);
const graph = await openSplitGraph(
  path,
  { provider: "cpu", threads: 1 },
  [{ name: "x", type: "float32", shape }],
  1,
);
const abort = new AbortController();
process.once("message", () => abort.abort());
let pieces = 0;
let code = "";
try {
  await graph.run(
    { x },
    {
      signal: abort.signal,
      onPiece() {
        if (++pieces > 1) return;
        process.send?.({ waiting: true });
        readSync(0, Buffer.alloc(1));
      },
    },
  );
} catch (error) {
  code = String(Reflect.get(Object(error), "code"));
}
process.send?.({ pieces, code, pieceCount: graph.pieceCount }, () => process.disconnect());
