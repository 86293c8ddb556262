import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AppError } from "../../src/shared/errors.ts";
import { downloadFile, STALL_MS, type DownloadWorld } from "../../src/main/library/file-download.ts";
import { Hub } from "../../src/main/library/hub.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FakeHub, type Fault } from "./fake-hub.ts";

const repo = "owner/model";
const file = "onnx/graph.onnx";
const content = randomBytes(300_000);

let server: FakeHub;
let folder: string;
let clock: ManualClock;
let free: number;
let pausesMs: number[];

beforeEach(async () => {
  server = await FakeHub.start();
  server.put(repo, file, content);
  folder = mkdtempSync(path.join(tmpdir(), "parley-download-"));
  clock = new ManualClock();
  free = 1e12;
  pausesMs = [];
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const target = (): string => path.join(folder, "graph.onnx");
const world = (token?: string): DownloadWorld => ({
  hub: new Hub({ endpoint: server.endpoint, token }),
  clock,
  freeBytes: () => Promise.resolve(free),
});

/** Downloads. Pauses between attempts pass at once, and are noted; a connection that is silent has its time run out. */
async function download(signal = new AbortController().signal, token?: string): Promise<number[]> {
  const seen: number[] = [];
  const { hub, freeBytes } = world(token);
  const url = hub.url(repo, "main", file);
  const impatient: Clock = {
    nowMs: () => clock.nowMs(),
    after: (delayMs, callback) => {
      if (delayMs === STALL_MS) return clock.after(delayMs, callback);
      pausesMs.push(delayMs);
      const passing = setImmediate(callback);
      return { [Symbol.dispose]: () => clearImmediate(passing) };
    },
  };
  const state = { isOver: false };
  const run = (async () => {
    const remote = await hub.describe(url, signal);
    const onBytes = (bytes: number): void => void seen.push(bytes);
    await downloadFile(
      { url, target: target(), remote, onBytes },
      { hub, freeBytes, clock: impatient },
      signal,
    );
  })().finally(() => (state.isOver = true));
  run.catch(() => {});
  while (!state.isOver) {
    await new Promise(setImmediate);
    if (server.isStalled) clock.advance(STALL_MS);
  }
  await run;
  return seen;
}

const failure = (running: Promise<unknown>): Promise<AppError> =>
  running.then(
    () => Promise.reject(new Error("It did not fail.")),
    (error: unknown) => AppError.from(error),
  );

describe("R20 a file arrives whole", () => {
  test("in one go, with nothing left beside it", async () => {
    await download();
    expect(readFileSync(target())).toEqual(content);
    expect(readdirSync(folder)).toEqual(["graph.onnx"]);
    expect(server.sentBytes(file)).toBe(content.length);
  });

  const faults: [string, Fault[]][] = [
    ["cut at once", [{ type: "cut", after: 0 }]],
    ["cut in the middle, three times", [10, 70_000, 200_000].map((after) => ({ type: "cut", after }))],
    ["a stall", [{ type: "stall", after: 100_000 }]],
    ["a cut, then the range is ignored", [{ type: "cut", after: 100_000 }, { type: "ignore-range" }]],
    [
      "a cut, then another part than asked for",
      [
        { type: "cut", after: 100_000 },
        { type: "wrong-part", by: 1000 },
      ],
    ],
    [
      "a cut, then an earlier part",
      [
        { type: "cut", after: 100_000 },
        { type: "wrong-part", by: -1000 },
      ],
    ],
    [
      "a cut, then the right range with wrong bytes",
      [{ type: "cut", after: 100_000 }, { type: "wrong-bytes" }],
    ],
    ["wrong bytes", [{ type: "wrong-bytes" }]],
    [
      "416",
      [
        { type: "cut", after: 100_000 },
        { type: "status", status: 416 },
      ],
    ],
    ["429 with Retry-After", [{ type: "status", status: 429, headers: { "retry-after": "7" } }]],
    ["500, 502, 503", [500, 502, 503].map((status) => ({ type: "status", status }))],
    ["a hotel's login page", [{ type: "web-page" }]],
    ["a length that is too small", [{ type: "wrong-length", by: -5 }]],
    ["more than the file has", [{ type: "too-much", by: 5000 }]],
  ];
  test.each(faults)("through %s", async (_name, list) => {
    server.fail(file, ...list);
    await download();
    expect(readFileSync(target())).toEqual(content);
    expect(readdirSync(folder)).toEqual(["graph.onnx"]);
  });

  test("whatever happens on the way, in any order", async () => {
    const fault = fc.oneof(
      fc.record({ type: fc.constant("cut" as const), after: fc.integer({ min: 0, max: content.length }) }),
      fc.record({
        type: fc.constant("stall" as const),
        after: fc.integer({ min: 1, max: content.length - 1 }),
      }),
      fc.constant({ type: "ignore-range" as const }),
      fc.record({ type: fc.constant("wrong-part" as const), by: fc.integer({ min: -500, max: 500 }) }),
      fc.constantFrom(429, 500, 503).map((status) => ({ type: "status" as const, status })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 5 }), async (list) => {
        server.faults.clear();
        rmSync(target(), { force: true });
        server.fail(file, ...list);
        await download();
        expect(readFileSync(target()).equals(content)).toBe(true);
        expect(readdirSync(folder)).toEqual(["graph.onnx"]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

test("R20 it waits as long as the server asks, and otherwise longer each time", async () => {
  const retryAfter = { "retry-after": "7" };
  const broken = { type: "status", status: 503 } as const;
  server.fail(file, { type: "status", status: 429, headers: retryAfter }, broken, broken, broken);
  await download();
  expect(pausesMs).toEqual([7000, 2000, 4000, 8000]);
});

describe("R20 nothing valid is downloaded twice", () => {
  test("a cut costs only what was on its way", async () => {
    server.fail(file, { type: "cut", after: 200_000 });
    await download();
    const ranges = server.requests.map(({ range }) => range).filter(Boolean);
    // The storage behind the hub is asked with the same range as the hub itself.
    expect(new Set(ranges).size).toBe(1);
    const from = Number(/\d+/u.exec(ranges[0]!)![0]);
    expect(from).toBeGreaterThan(0);
    expect(server.sentBytes(file)).toBe(200_000 + content.length - from);
  });

  test("cancelled, it goes on where it was, in another process even", async () => {
    const abort = new AbortController();
    server.fail(file, { type: "stall", after: 150_000 });
    const { hub, ...rest } = world();
    const url = hub.url(repo, "main", file);
    const remote = await hub.describe(url, abort.signal);
    const running = downloadFile(
      { url, target: target(), remote, onBytes: (bytes) => bytes >= 150_000 && abort.abort() },
      { hub, ...rest },
      abort.signal,
    );
    expect((await failure(running)).code).toBe("cancelled");
    const [part] = readdirSync(folder);
    expect(part).toMatch(/\.part$/u);
    expect(statSync(path.join(folder, part!)).size).toBe(150_000);
    const before = server.sentBytes(file);
    await download();
    expect(server.sentBytes(file) - before).toBe(content.length - 150_000);
    expect(readFileSync(target())).toEqual(content);
  });

  test("a damaged beginning is found out, and costs one download", async () => {
    const abort = new AbortController();
    server.fail(file, { type: "stall", after: 100_000 });
    const { hub, ...rest } = world();
    const url = hub.url(repo, "main", file);
    const remote = await hub.describe(url, abort.signal);
    const onBytes = (bytes: number): void => void (bytes >= 100_000 && abort.abort());
    await failure(downloadFile({ url, target: target(), remote, onBytes }, { hub, ...rest }, abort.signal));
    const part = path.join(folder, readdirSync(folder)[0]!);
    writeFileSync(part, Buffer.alloc(100_000, 3));
    await download();
    expect(readFileSync(target())).toEqual(content);
  });
});

describe("R20 it says what is wrong, and can be resumed", () => {
  test.each<[string, Fault, string]>([
    ["404", { type: "status", status: 404 }, "model-missing"],
    ["403", { type: "status", status: 403 }, "access-denied"],
  ])("%s is not tried again", async (_name, fault, code) => {
    server.fail(file, fault);
    const error = await failure(download());
    expect(error.code).toBe(code);
    await download();
    expect(readFileSync(target())).toEqual(content);
  });

  test("a server that stays broken is given up after some attempts without a byte", async () => {
    server.fail(file, ...Array.from({ length: 6 }, (): Fault => ({ type: "status", status: 500 })));
    expect((await failure(download())).code).toBe("network");
    await download();
    expect(readFileSync(target())).toEqual(content);
  });

  test("a server that always sends wrong bytes", async () => {
    server.fail(file, { type: "wrong-bytes" }, { type: "wrong-bytes" });
    expect((await failure(download())).code).toBe("model-corrupt");
    await download();
    expect(readFileSync(target())).toEqual(content);
  });

  test("nobody there", async () => {
    const endpoint = server.endpoint;
    await server[Symbol.asyncDispose]();
    const hub = new Hub({ endpoint });
    const error = await failure(hub.describe(hub.url(repo, "main", file), new AbortController().signal));
    expect(error.code).toBe("network");
    expect(error.message).toContain("127.0.0.1");
    server = await FakeHub.start();
  });

  test("R62 a disk without room, before a byte is fetched", async () => {
    free = 1000;
    const error = await failure(download());
    expect(error.code).toBe("disk-full");
    expect(error.message).toMatch(/GB are needed in .* free/u);
    expect(server.sentBytes(file)).toBe(0);
    free = 1e12;
    await download();
    expect(readFileSync(target())).toEqual(content);
  });

  test("R60 the token goes to the hub, and not to the storage of another host", async () => {
    server.token = "hf_secret";
    expect((await failure(download())).code).toBe("access-denied");
    await download(undefined, "hf_secret");
    expect(readFileSync(target())).toEqual(content);
    const other = vi.fn<typeof fetch>(
      async () => new Response(null, { status: 200, headers: { "content-length": "5" } }),
    );
    const hub = new Hub({ endpoint: "https://hub.example", token: "hf_secret", fetch: other });
    await hub.describe("https://storage.example/x", new AbortController().signal);
    expect(new Headers(other.mock.calls[0]![1]?.headers).has("authorization")).toBe(false);
  });

  test("an endpoint that is no address", () => {
    expect(() => new Hub({ endpoint: "not an address" })).toThrow("HF_ENDPOINT");
    expect(() => new Hub({ endpoint: "file:///etc" })).toThrow("HF_ENDPOINT");
  });
});
