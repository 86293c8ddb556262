import { afterEach, beforeEach, expect, test } from "vitest";
import { collect } from "../../../../tests/support/collect.ts";
import { createPortPair } from "../../../shared/ports/memory.ts";
import { connect } from "../../../shared/rpc.ts";
import type { RpcClient } from "../../../shared/rpc.ts";
import type { KokoroService } from "../services.ts";
import { start } from "./service.ts";

const load = { modelDir: "resources/models/nano/kokoro", provider: "cpu", threads: 1 } as const;
const hello = { text: "Hello there.", voice: "af_heart", speed: 1, isLast: true } as const;

let client: RpcClient<KokoroService>;
let cleanUp: DisposableStack;

beforeEach(() => {
  cleanUp = new DisposableStack();
  const [near, far] = createPortPair();
  cleanUp.use(near);
  cleanUp.use(start(far));
  client = connect<KokoroService>(near);
});

afterEach(() => cleanUp.dispose());

test("R2 the service loads, phonemizes and speaks over a port", async () => {
  const info = await client.call("load", load);
  expect(info).toMatchObject({
    sampleRateHz: 24_000,
    providers: { model: "cpu" },
    dtypes: { model: "fp32" },
  });
  expect(info.voices).toHaveLength(54);
  expect(await client.call("phonemize", { text: "Hello there.", voice: "af_heart" })).toEqual({
    phonemes: "həlˈoʊ ðˈɛɹ.",
    tokens: 14,
  });
  const [part] = await collect(client.stream("synthesize", hello));
  expect(part!.pcm).toBeInstanceOf(Float32Array);
  expect(part).toMatchObject({ text: "Hello there.", phonemeTokens: 14, sampleRateHz: 24_000 });
});

test("R64 speaking before a model is loaded is an error in words", async () => {
  await expect(collect(client.stream("synthesize", hello))).rejects.toMatchObject({ code: "bad-input" });
});

test("R62 a failed load does not spoil the next one", async () => {
  await expect(client.call("load", { ...load, modelDir: "no/such/folder" })).rejects.toMatchObject({
    code: "model-missing",
  });
  await client.call("load", load);
  expect(await collect(client.stream("synthesize", hello))).toHaveLength(1);
});

test("R4 requests are answered in order, and one cancelled while it waits is never spoken", async () => {
  await client.call("load", load);
  const order: string[] = [];
  const say = async (text: string, signal?: AbortSignal): Promise<void> => {
    for await (const part of client.stream("synthesize", { ...hello, text }, { signal }))
      order.push(part.text);
  };
  const cancel = new AbortController();
  const long = say("This sentence is the longest of them all, so that the others have to wait for it.");
  const dropped = say("Nobody hears this.", cancel.signal);
  const last = say("Short.");
  cancel.abort();
  await expect(dropped).rejects.toMatchObject({ code: "cancelled" });
  await Promise.all([long, last]);
  expect(order).toEqual([
    "This sentence is the longest of them all, so that the others have to wait for it.",
    "Short.",
  ]);
});

test("R46 a cancelled text is not synthesised to its end, and the next request is served", async () => {
  await client.call("load", load);
  const cancel = new AbortController();
  const parts = client.stream("synthesize", { ...hello, text: "Many words, again. ".repeat(300) }, cancel);
  let heard = 0;
  await expect(
    (async () => {
      for await (const _ of parts) {
        heard += 1;
        cancel.abort();
      }
    })(),
  ).rejects.toMatchObject({ code: "cancelled" });
  expect(heard).toBe(1);
  expect(await collect(client.stream("synthesize", hello))).toHaveLength(1);
});

test("R63 phonemes of a whole book come piece by piece: the service still speaks, and the call can be cancelled", async () => {
  await client.call("load", load);
  const cancel = new AbortController();
  const text = "All the numbers, $1,234.56 and U.S.A., again. ".repeat(5000);
  const book = client.call("phonemize", { text, voice: "af_heart" }, cancel);
  let isDone = false;
  const outcome = book.finally(() => (isDone = true));
  expect(await collect(client.stream("synthesize", hello))).toHaveLength(1);
  expect(isDone).toBe(false);
  cancel.abort();
  await expect(outcome).rejects.toMatchObject({ code: "cancelled" });
});
