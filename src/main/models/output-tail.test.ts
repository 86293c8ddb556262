import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { OutputTail } from "./output-tail.ts";

async function tailOf(chunks: string[]): Promise<readonly string[]> {
  const tail = new OutputTail();
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  tail.follow(stream);
  await finished(stream);
  return tail.lines();
}

test("lines are put together from chunks, blank ones left out, the unfinished one kept at the end", async () => {
  expect(await tailOf(["fir", "st\n\nsec", "ond\nlast"])).toEqual(["first", "second", "last"]);
});

test("only the newest lines are kept, and none is endless", async () => {
  const lines = await tailOf([...Array.from({ length: 100 }, (_, i) => `line ${i}\n`), "x".repeat(1e6)]);
  expect(lines).toHaveLength(40);
  expect(lines[0]).toBe("line 61");
  expect(lines.at(-1)).toHaveLength(400);
});
