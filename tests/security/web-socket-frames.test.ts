import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createMessageDecoder, encodeMessage } from "../../src/shared/ports/binary-codec.ts";
import { closeCodes } from "../../src/shared/ports/web-socket.ts";
import { webSocketPair } from "../support/web-socket-pair.ts";

const decode = createMessageDecoder({ maxArrayLength: 64 });

test("R64 random frames either decode or throw, and never take memory they did not bring", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 5000 },
  );
});

test("R64 frames with flipped bytes either decode or throw", () => {
  const frame = encodeMessage({
    type: "notice",
    method: "mic.audio",
    params: { samples: Float32Array.from({ length: 64 }, Math.sin), sampleRateHz: 48_000 },
  });
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.nat(255), fc.nat(frame.length), (at, value, length) => {
      const bytes = frame.slice(0, length);
      if (at < length) bytes[at] = value;
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 5000 },
  );
});

test("R64 whatever a message holds comes back the same", () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true }).map((number) => number + 0),
      fc.boolean(),
      fc.constant(null),
      fc.float32Array({ maxLength: 20 }),
      fc.int16Array({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.array(tie("node"), { maxLength: 5 }),
      fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        tie("node"),
        { maxKeys: 5, noNullPrototype: true },
      ),
    ),
  })).node;
  fc.assert(
    fc.property(value, (message) => {
      expect(decode(encodeMessage(message))).toEqual(message);
    }),
  );
});

test.for<[string, Uint8Array]>([
  ["an announced array of 4 billion", Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ["an announced map of 4 billion", Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff)],
  ["an announced binary of 4 GB", Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff)],
  ["Float32Array of 3 bytes", Uint8Array.of(0xc7, 3, 1, 0, 0, 0)],
  // By hand: Parley's own encoder leaves such a field out.
  [
    "the key __proto__",
    Uint8Array.of(0x81, 0xa9, ...Buffer.from("__proto__"), 0x81, 0xa8, ...Buffer.from("polluted"), 0xc3),
  ],
  ["two messages in one frame", Uint8Array.of(0x01, 0x02)],
  ["nothing", new Uint8Array()],
  ["the byte MessagePack never uses", Uint8Array.of(0xc1)],
])("R64 %s is refused", ([, bytes]) => {
  expect(() => decode(bytes)).toThrow();
  expect(Object.prototype).not.toHaveProperty("polluted");
});

test.for<[string, string | Uint8Array]>([
  ["a text frame", '{"type":"call","id":0,"method":"hello","params":{}}'],
  ["a malformed binary frame", Uint8Array.of(0xc1)],
  ["malformed JSON", "{"],
])("R64 %s closes the port with a reason on both ends, and nothing is delivered", async ([, frame]) => {
  const { near, far, socket } = await webSocketPair();
  const delivered: unknown[] = [];
  far.onMessage((message) => delivered.push(message));
  near.post("good");
  socket.send(frame);
  near.post("late");
  expect((await far.closed).by).toBe("peer");
  expect((await near.closed).reason).toContain(String(closeCodes.malformed));
  expect(delivered).toEqual(["good"]);
});

test("R62 a peer that reads too slowly is closed instead of filling memory", async () => {
  const { near, far, socket } = await webSocketPair({ maxBufferedBytes: 1024 * 1024 });
  // The reader stops reading, as a frozen tab does.
  socket.pause();
  const chunk = new Float32Array(64 * 1024);
  // The kernel takes some MB before it pushes back: 500 MB are more than any takes.
  for (let index = 0; index < 2000; index++) {
    far.post(chunk);
    await setImmediate();
  }
  expect(await far.closed).toEqual({ by: "self", reason: "the other end reads too slowly" });
  socket.resume();
  expect((await near.closed).reason).toContain(String(closeCodes.tooSlow));
});

test("R64 a peer that sends more than it may is closed", async () => {
  let left = 3;
  const { near, far } = await webSocketPair({ admit: () => left-- > 0 });
  const delivered: unknown[] = [];
  far.onMessage((message) => delivered.push(message));
  for (const number of [1, 2, 3, 4, 5]) near.post(number);
  expect((await near.closed).reason).toContain(String(closeCodes.tooMuch));
  expect(delivered).toEqual([1, 2, 3]);
});
