import { once } from "node:events";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { contentSecurityPolicy } from "../../src/main/app/content-security-policy.ts";
import { startBrowserHost, type BrowserHost } from "../../src/main/browser/host.ts";
import { createVitePage } from "../../src/main/development/vite-page.ts";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
let page: Awaited<ReturnType<typeof createVitePage>>;
beforeAll(async () => void (page = await createVitePage(packageFolder)));
afterAll(() => page[Symbol.asyncDispose]());

async function host(isDevelopment: boolean): Promise<BrowserHost> {
  const started = await startBrowserHost({
    files: new Map(),
    onPort: () => {},
    ...(isDevelopment && { development: page }),
  });
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

async function ask(to: BrowserHost, address: string, method = "GET", headers: Record<string, string> = {}) {
  const sent = request({
    host: "127.0.0.1",
    port: to.port,
    path: address,
    method,
    headers,
    agent: false,
  }).end();
  const [response] = await once(sent, "response");
  let body = "";
  for await (const piece of response.setEncoding("utf8")) body += piece;
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body };
}

/** The status of the upgrade, and the first message where there was one. */
async function listen(to: BrowserHost, path: string, headers: Record<string, string>): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${to.port}${path}`, "vite-hmr", { headers });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on("message", (data: Buffer) => resolve(data.toString()));
  socket.on("unexpected-response", (_request, response) => resolve(String(response.statusCode)));
  socket.on("error", () => resolve("error"));
  const answer = await promise;
  socket.terminate();
  return answer;
}

describe("R61 the page from its sources stands behind the host's own refusals", () => {
  test("the same Host, the same methods, no service of Vite, no file but the page's", async () => {
    const to = await host(true);
    const source = await ask(to, "/main.tsx");
    expect(source.status).toBe(200);
    expect(source.headers["access-control-allow-origin"]).toBeUndefined();
    expect((await ask(to, "/main.tsx", "GET", { host: "evil.example" })).status).toBe(403);
    expect((await ask(to, "/main.tsx", "POST")).status).toBe(405);
    expect((await ask(to, "/__open-in-editor?file=main.tsx")).status).toBe(404);
    expect((await ask(to, "/__%6fpen-in-editor?file=main.tsx")).status).toBe(404);
    expect((await ask(to, `/@fs${packageFolder}package.json`)).status).toBe(403);
    expect((await ask(to, `/@fs${packageFolder}src/main/start.ts`)).status).toBe(403);
    expect((await ask(to, "/@fs/etc/passwd?raw")).status).toBe(403);
    expect((await ask(to, "/../main/start.ts")).body).not.toContain("runEntry");
  });

  test("the policy is the production one and a nonce, new for each answer", async () => {
    const to = await host(true);
    const [first, second] = [await ask(to, "/"), await ask(to, "/")];
    const nonce = /nonce="([^"]+)"/.exec(first.body)?.[1];
    expect(nonce).toMatch(/^[\w+/]{22}==$/);
    expect(second.body).not.toContain(nonce);
    expect(first.headers["content-security-policy"]?.replaceAll(` 'nonce-${nonce}'`, "")).toBe(
      contentSecurityPolicy({ sockets: [`ws://127.0.0.1:${to.port}`] }),
    );
    expect(first.headers["x-frame-options"]).toBe("DENY");
  });

  test("changes are told to our own page only, and to one that has read Vite's token", async () => {
    const to = await host(true);
    const { body } = await ask(to, "/@vite/client");
    const token = /wsToken = "([^"]+)"/.exec(body)?.[1];
    const path = `${page.socketPath}?token=${token}`;
    expect(await listen(to, path, { origin: to.origin })).toContain("connected");
    expect(await listen(to, path, { origin: "http://evil.example" })).toBe("403");
    expect(await listen(to, path, { origin: to.origin, host: "evil.example" })).toBe("403");
    expect(await listen(to, path, {})).toBe("403");
    expect(await listen(to, `${page.socketPath}?token=x`, { origin: to.origin })).not.toContain("connected");
    // The app's own socket asks for the cookie as ever.
    expect(await listen(to, "/session/socket", { origin: to.origin })).toBe("401");
  });

  test("a production host has none of it", async () => {
    const to = await host(false);
    for (const address of ["/@vite/client", "/main.tsx", `/@fs${packageFolder}package.json`, "/"]) {
      const { status, headers } = await ask(to, address);
      expect(status).toBe(404);
      expect(headers["content-security-policy"]).not.toContain("nonce");
    }
    expect(await listen(to, page.socketPath, { origin: to.origin })).toBe("404");
  });
});
