import { PeerPipeline, type PeerOptions, type PeerTurn } from "./pipeline.ts";

export type PeerRequest =
  | { readonly type: "load"; readonly options: PeerOptions }
  | { readonly type: "restart" }
  | { readonly type: "ask"; readonly question: Float32Array };

export type PeerAnswer =
  | { readonly type: "done"; readonly turn?: PeerTurn }
  | { readonly type: "failed"; readonly reason: string };

/** The peer in a process of its own, one request at a time. Ends with its parent. */
let pipeline: PeerPipeline | undefined;

async function answer(request: PeerRequest): Promise<PeerAnswer> {
  if (request.type === "load") {
    pipeline = await PeerPipeline.load(request.options);
    return { type: "done" };
  }
  if (!pipeline) throw new Error("The peer was not loaded.");
  if (request.type === "ask") return { type: "done", turn: await pipeline.ask(request.question) };
  pipeline.restart();
  return { type: "done" };
}

process.on("message", (request: PeerRequest) => {
  void answer(request)
    .catch((error: unknown): PeerAnswer => ({ type: "failed", reason: String(error) }))
    .then((reply) => process.send!(reply));
});
process.on("disconnect", () => process.exit());
