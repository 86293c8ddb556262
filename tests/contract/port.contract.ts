import { expect, onTestFinished, test } from "vitest";
import type { Port, PortClosed } from "../../src/shared/port.ts";

/** Two joined ports, whatever lies between them. */
export interface PortPair {
  readonly near: Port;
  readonly far: Port;
}

/** Resolves with the next `count` messages of `port`, in order. */
function messages(port: Port, count: number): Promise<unknown[]> {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  const received: unknown[] = [];
  const remove = port.onMessage((message) => {
    received.push(message);
    if (received.length < count) return;
    remove();
    resolve(received);
  });
  return promise;
}

/** The contract of Port, for an adapter whose two ends live in this process. Call it inside a `describe`. */
export function portContract(createPair: () => Promise<PortPair> | PortPair): void {
  const open = async (): Promise<PortPair> => {
    const pair = await createPair();
    onTestFinished(() => {
      pair.near[Symbol.dispose]();
      pair.far[Symbol.dispose]();
    });
    return pair;
  };

  test("messages arrive in the order they were posted, both ways", async () => {
    const { near, far } = await open();
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    const arriving = Promise.all([messages(far, 500), messages(near, 500)]);
    for (const i of numbers) {
      near.post(i);
      far.post(-i);
    }
    expect(await arriving).toEqual([numbers, numbers.map((i) => -i)]);
  });

  test("R64 a field called __proto__ ends no conversation and changes nobody's prototype", async () => {
    const { near, far } = await open();
    const arriving = messages(far, 2);
    near.post(JSON.parse('{ "__proto__": { "isAdmin": true }, "kept": 1 }'));
    near.post("next");
    const [first, second] = await arriving;
    expect(first).toMatchObject({ kept: 1 });
    expect(Reflect.get(Object(first), "isAdmin")).toBeUndefined();
    expect(second).toBe("next");
  });

  test("messages wait for the first listener", async () => {
    const { near, far } = await open();
    near.post("early");
    near.post("too early");
    // By the time a message makes the way back, the first two have arrived and found nobody.
    far.post("there");
    await messages(near, 1);
    const arriving = messages(far, 3);
    near.post("in time");
    expect(await arriving).toEqual(["early", "too early", "in time"]);
  });

  test("every listener hears, a removed one does not", async () => {
    const { near, far } = await open();
    const heard: string[] = [];
    const remove = far.onMessage((message) => heard.push(`a ${String(message)}`));
    far.onMessage((message) => heard.push(`b ${String(message)}`));
    const first = messages(far, 1);
    near.post(1);
    await first;
    remove();
    const second = messages(far, 1);
    near.post(2);
    await second;
    expect(heard).toEqual(["a 1", "b 1", "b 2"]);
  });

  test("typed arrays arrive as they are, also as views of a larger buffer", async () => {
    const { near, far } = await open();
    const samples = Float32Array.from({ length: 1000 }, (_, i) => i / 7);
    const arriving = messages(far, 1);
    near.post({
      view: samples.subarray(3, 500),
      bytes: new Uint8Array([1, 2, 3]).subarray(1),
      ids: new BigInt64Array([1n, -2n]),
      half: new Uint16Array([1, 65535]).subarray(1),
    });
    expect(await arriving).toEqual([
      {
        view: samples.slice(3, 500),
        bytes: new Uint8Array([2, 3]),
        ids: new BigInt64Array([1n, -2n]),
        half: new Uint16Array([65535]),
      },
    ]);
  });

  test("a message is a copy: what the sender changes afterwards is not seen", async () => {
    const { near, far } = await open();
    const samples = new Float32Array([1, 2, 3]);
    const arriving = messages(far, 1);
    near.post(samples);
    samples.fill(0);
    expect(await arriving).toEqual([new Float32Array([1, 2, 3])]);
  });

  test("2 MB arrive whole", async () => {
    const { near, far } = await open();
    const samples = Float32Array.from({ length: 500_000 }, (_, i) => Math.sin(i));
    const arriving = messages(far, 1);
    near.post(samples);
    const [received] = await arriving;
    expect(Buffer.compare(bytesOf(received), bytesOf(samples))).toBe(0);
  });

  test("what was posted before a close still arrives, then both ends know who closed", async () => {
    const { near, far } = await open();
    const arriving = messages(far, 2);
    near.post(1);
    near.post(2);
    near[Symbol.dispose]();
    expect(await arriving).toEqual([1, 2]);
    const closed: PortClosed[] = await Promise.all([near.closed, far.closed]);
    expect(closed.map(({ by }) => by)).toEqual(["self", "peer"]);
    for (const { reason } of closed) expect(reason).not.toBe("");
  });

  test("closing twice and posting to a closed port do nothing", async () => {
    const { near, far } = await open();
    const late: unknown[] = [];
    far.onMessage((message) => late.push(message));
    near[Symbol.dispose]();
    near[Symbol.dispose]();
    near.post("late");
    far.post("late too");
    await Promise.all([near.closed, far.closed]);
    far.post("much too late");
    expect(late).toEqual([]);
  });

  test("a message that cannot be cloned is the sender's error, and the port lives on", async () => {
    const { near, far } = await open();
    const arriving = messages(far, 1);
    expect(() => near.post({ callback: () => {} })).toThrow();
    near.post("fine");
    expect(await arriving).toEqual(["fine"]);
  });
}

function bytesOf(samples: unknown): Buffer {
  expect(samples).toBeInstanceOf(Float32Array);
  const { buffer, byteOffset, byteLength } = samples as Float32Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}
