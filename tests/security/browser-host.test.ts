import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { contentSecurityPolicy } from "../../src/main/app/content-security-policy.ts";
import { readPageFiles, type PageFile } from "../../src/main/app/page-files.ts";
import { startBrowserHost, type BrowserHost, type BrowserHostOptions } from "../../src/main/browser/host.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { Port } from "../../src/shared/port.ts";
import { webSocketPort } from "../../src/shared/ports/web-socket.ts";
import { ManualClock } from "../support/manual-clock.ts";

let root: string;
let files: ReadonlyMap<string, PageFile>;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), "parley-page-"));
  mkdirSync(path.join(root, "page/assets"), { recursive: true });
  writeFileSync(path.join(root, "page/index.html"), "<!doctype html><title>Parley</title>");
  writeFileSync(path.join(root, "page/assets/app-Ab3_-9xZ.js"), "export {};");
  writeFileSync(path.join(root, "page/notes.exe"), "not for pages");
  writeFileSync(path.join(root, "secret.json"), '{"secret":true}');
  symlinkSync(path.join(root, "secret.json"), path.join(root, "page/link.json"));
  files = await readPageFiles(path.join(root, "page"));
});
afterAll(() => rmSync(root, { recursive: true }));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A raw request: `fetch` would tidy the address and forbid the headers that matter here. */
function ask(
  host: BrowserHost,
  address: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method = "GET", headers = {}, body } = options;
  const sent = request({ host: "127.0.0.1", port: host.port, path: address, method, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    response.on("end", () =>
      resolve({ status: response.statusCode!, headers: response.headers, body: text }),
    );
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

interface Started {
  readonly host: BrowserHost;
  readonly token: string;
  readonly refused: string[];
  readonly ports: Port[];
}

async function started(options: Partial<BrowserHostOptions> = {}): Promise<Started> {
  const refused: string[] = [];
  const ports: Port[] = [];
  const host = await startBrowserHost({
    files,
    onPort: (port) => ports.push(port),
    onRefused: (reason) => refused.push(reason),
    ...options,
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  return { host, token: host.address.split("#token=")[1]!, refused, ports };
}

function exchange(host: BrowserHost, token: string, headers: Record<string, string> = {}): Promise<Answer> {
  const body = JSON.stringify({ token });
  return ask(host, "/session", { method: "POST", headers: { origin: host.origin, ...headers }, body });
}

async function cookieOf({ host, token }: Started): Promise<string> {
  const { headers } = await exchange(host, token);
  return headers["set-cookie"]![0]!.split(";")[0]!;
}

/** Resolves with the HTTP status of a refused upgrade, or 101. */
async function upgradeStatus(
  host: BrowserHost,
  headers: Record<string, string>,
  address = "/session/socket",
): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}${address}`, { headers });
  const { promise, resolve } = Promise.withResolvers<number>();
  socket.on("open", () => resolve(101));
  socket.on("unexpected-response", (_request, response) => resolve(response.statusCode!));
  socket.on("error", () => resolve(0));
  const status = await promise;
  socket.terminate();
  return status;
}

async function connected(from: Started, cookie?: string): Promise<WebSocket> {
  const headers = { origin: from.host.origin, cookie: cookie ?? (await cookieOf(from)) };
  const socket = new WebSocket(`ws://127.0.0.1:${from.host.port}/session/socket`, { headers });
  await once(socket, "open");
  return socket;
}

describe("R22 R61 the token and the cookie", () => {
  test("the token works once; the cookie it bought goes on working", async () => {
    const all = await started();
    const { host, token } = all;
    expect((await ask(host, "/session")).status).toBe(401);
    const first = await exchange(host, token);
    expect(first.status).toBe(204);
    expect(first.headers["set-cookie"]).toEqual([
      expect.stringMatching(/^parley-\d+=[\w-]{43}; Path=\/session; HttpOnly; SameSite=Strict$/),
    ]);
    expect((await exchange(host, token)).status).toBe(403);
    const cookie = first.headers["set-cookie"]![0]!.split(";")[0]!;
    expect((await ask(host, "/session", { headers: { cookie } })).status).toBe(204);
    expect((await exchange(host, token, { cookie: `other=1; ${cookie}` })).status).toBe(204);
    expect(await upgradeStatus(host, { origin: host.origin, cookie })).toBe(101);
    expect(await upgradeStatus(host, { origin: host.origin, cookie })).toBe(101);
  });

  test.for([["{"], ["null"], ['{"token":5}'], ['{"token":"x","more":1}'], ["token=abc"], [""]])(
    "a malformed exchange (%s) is refused and the token stays good",
    async ([body]) => {
      const { host, token } = await started();
      const headers = { origin: host.origin };
      expect((await ask(host, "/session", { method: "POST", headers, body: body! })).status).toBe(400);
      expect((await exchange(host, "wrong")).status).toBe(403);
      expect((await exchange(host, token)).status).toBe(204);
    },
  );

  test("an oversized body is refused", async () => {
    const { host } = await started();
    expect((await exchange(host, "x".repeat(100_000))).status).toBe(413);
  });

  test("neither the token nor the session is ever told in a refusal", async () => {
    const all = await started();
    const cookie = await cookieOf(all);
    await exchange(all.host, all.token);
    await upgradeStatus(all.host, { origin: "http://evil.example", cookie });
    expect(all.refused.length).toBeGreaterThanOrEqual(2);
    expect(all.refused.join()).not.toContain(all.token);
    expect(all.refused.join()).not.toContain(cookie.split("=")[1]!);
  });
});

describe("R22 R61 Host and Origin", () => {
  test.for(["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", " ", "127.0.0.1.evil.example"])(
    "Host %j is refused on http and on the socket (DNS rebinding)",
    async (name) => {
      const all = await started();
      const cookie = await cookieOf(all);
      const { host } = all;
      const headers = { host: name };
      expect((await ask(host, "/", { headers })).status).toBe(403);
      expect((await exchange(host, all.token, headers)).status).toBe(403);
      expect(await upgradeStatus(host, { ...headers, origin: host.origin, cookie })).toBe(403);
    },
  );

  test.for([["http://evil.example"], ["null"], ["http://localhost:1"], ["https://127.0.0.1"], [undefined]])(
    "Origin %s is refused where something can be done",
    async ([origin]) => {
      const all = await started();
      const cookie = await cookieOf(all);
      const headers: Record<string, string> = origin === undefined ? { cookie } : { cookie, origin };
      const fresh = await started();
      const body = JSON.stringify({ token: fresh.token });
      expect((await ask(fresh.host, "/session", { method: "POST", headers, body })).status).toBe(403);
      expect(await upgradeStatus(all.host, headers)).toBe(403);
    },
  );

  test("the socket needs the cookie, the right address and a known view", async () => {
    const all = await started();
    const { host } = all;
    const cookie = await cookieOf(all);
    const { origin } = host;
    expect(await upgradeStatus(host, { origin })).toBe(401);
    expect(await upgradeStatus(host, { origin, cookie: `parley-${host.port}=` })).toBe(401);
    expect(await upgradeStatus(host, { origin, cookie: `${cookie}x` })).toBe(401);
    expect(await upgradeStatus(host, { origin, cookie }, "/")).toBe(404);
    expect(await upgradeStatus(host, { origin, cookie }, "/session/socket?view=admin")).toBe(404);
    expect(await upgradeStatus(host, { origin, cookie }, "/session/socket?view=overlay")).toBe(101);
    expect(all.ports).toHaveLength(1);
  });

  test("no answer invites other origins", async () => {
    const { host } = await started();
    const { headers, status } = await ask(host, "/", {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    expect(status).toBe(405);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("R22 R61 files", () => {
  test.for<[string, number, string?]>([
    ["/", 200, "text/html; charset=utf-8"],
    ["/index.html", 200, "text/html; charset=utf-8"],
    ["/?view=overlay", 200, "text/html; charset=utf-8"],
    ["/assets/app-Ab3_-9xZ.js", 200, "text/javascript; charset=utf-8"],
    ["/../secret.json", 404],
    ["/assets/../../secret.json", 404],
    ["/%2e%2e/secret.json", 404],
    ["/..%2fsecret.json", 404],
    ["/..%5csecret.json", 404],
    ["/..\\secret.json", 404],
    ["//etc/passwd", 404],
    ["/assets/", 404],
    ["/assets", 404],
    ["/index.html%00.js", 404],
    ["/link.json", 404],
    ["/notes.exe", 404],
    ["/__proto__", 404],
    ["/constructor", 404],
    ["http://evil.example/index.html", 404],
  ])("%s → %d", async ([address, status, mimeType]) => {
    const { host } = await started();
    const answer = await ask(host, address);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe(mimeType);
    expect(answer.body).not.toContain("secret");
    expect(answer.headers["content-security-policy"]).toBe(
      contentSecurityPolicy({ sockets: [`ws://127.0.0.1:${host.port}`] }),
    );
  });

  test("the policy allows no inline script, no eval, no framing and only our own socket", async () => {
    const policy = contentSecurityPolicy({ sockets: ["ws://127.0.0.1:7337"] });
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:7337;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const { host } = await started();
    const { headers } = await ask(host, "/");
    expect(headers["permissions-policy"]).toContain("microphone=(self)");
    expect(headers["permissions-policy"]).toContain("camera=()");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
  });

  test("hashed files are kept for good, the page is asked for again and unchanged costs nothing", async () => {
    const { host } = await started();
    const script = await ask(host, "/assets/app-Ab3_-9xZ.js");
    expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    const page = await ask(host, "/");
    expect(page.headers["cache-control"]).toBe("no-cache");
    const again = await ask(host, "/", { headers: { "if-none-match": String(page.headers["etag"]) } });
    expect([again.status, again.body]).toEqual([304, ""]);
    const head = await ask(host, "/", { method: "HEAD" });
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([
      200,
      "",
      String(page.body.length),
    ]);
  });

  test.for(["POST", "PUT", "DELETE", "TRACE", "PATCH"])("%s is refused", async (method) => {
    const { host } = await started();
    expect((await ask(host, "/", { method })).status).toBe(405);
  });
});

describe("R62 R64 the socket", () => {
  test("carries messages both ways as a Port, and the page's end closes it", async () => {
    const all = await started();
    const page = webSocketPort(await connected(all));
    const port = all.ports[0]!;
    const heard = Promise.withResolvers<unknown>();
    port.onMessage((message) => heard.resolve(message));
    page.post({ samples: new Float32Array([0.5]) });
    expect(await heard.promise).toEqual({ samples: new Float32Array([0.5]) });
    page[Symbol.dispose]();
    expect(await port.closed).toEqual({ by: "peer", reason: "socket 1000 disposed" });
  });

  test("a frame beyond the limit closes the connection", async () => {
    const all = await started({ limits: { maxFrameBytes: 1000 } });
    const socket = await connected(all);
    socket.send(new Uint8Array(1001));
    const [code] = await once(socket, "close");
    expect(code).toBe(1009);
    await all.ports[0]!.closed;
  });

  test("more messages than any page sends close the connection, and the host says why", async () => {
    const all = await started({
      limits: { messagesPerSecond: 10, burstSeconds: 1 },
      clock: new ManualClock(),
    });
    const socket = await connected(all);
    for (let index = 0; index < 11; index++) socket.send(Uint8Array.of(1));
    const [code] = await once(socket, "close");
    expect(code).toBe(4429);
    await all.ports[0]!.closed;
    expect(all.refused).toContain("too many messages");
  });

  test("connections beyond the limit are refused, and one that ends makes room", async () => {
    const all = await started({ limits: { maxConnections: 2 } });
    const cookie = await cookieOf(all);
    const headers = { origin: all.host.origin, cookie };
    const first = await connected(all, cookie);
    await connected(all, cookie);
    expect(await upgradeStatus(all.host, headers)).toBe(503);
    first.close();
    await all.ports[0]!.closed;
    expect(await upgradeStatus(all.host, headers)).toBe(101);
  });

  test("a page that no longer answers is dropped at the second heartbeat", async () => {
    const clock = new ManualClock();
    const all = await started({ limits: { heartbeatMs: 1000 }, clock });
    const socket = await connected(all);
    clock.advance(1000);
    await once(socket, "ping");
    // The answer has arrived when a message sent after it has.
    const heard = Promise.withResolvers<void>();
    all.ports[0]!.onMessage(() => heard.resolve());
    socket.send(Uint8Array.of(1));
    await heard.promise;
    socket.pause();
    clock.advance(1000);
    clock.advance(1000);
    expect((await all.ports[0]!.closed).reason).toBe("socket 1006");
  });

  test("disposing the host ends every connection and frees the port", async () => {
    const all = await started();
    const socket = await connected(all);
    const idle = connect(all.host.port, "127.0.0.1");
    await once(idle, "connect");
    const closed = once(socket, "close");
    await all.host[Symbol.asyncDispose]();
    expect((await closed)[0]).toBe(1000);
    const again = await startBrowserHost({
      port: all.host.port,
      files,
      onPort: () => {},
      clock: systemClock,
    });
    await expect(startBrowserHost({ port: again.port, files, onPort: () => {} })).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringContaining("is in use"),
    });
    await again[Symbol.asyncDispose]();
  });
});
