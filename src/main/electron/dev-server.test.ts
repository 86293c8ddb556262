import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { contentSecurityPolicy } from "../app/content-security-policy.ts";
import { noncePlaceholder } from "../app/development-policy.ts";
import { devHandler, devServer, isOwnRequest } from "./dev-server.ts";

describe("R61 the development server", () => {
  test.for<[string | undefined, boolean]>([
    ["http://127.0.0.1:5173", true],
    ["http://localhost:5173", true],
    ["http://[::1]:5173/", true],
    ["https://127.0.0.1:5173", false],
    ["file:///etc/passwd", false],
    ["http://10.0.0.5:5173", false],
    ["http://127.0.0.1.example.com:5173", false],
    ["http://me:secret@127.0.0.1:5173", false],
    ["http://localhost@example.com", false],
    ["5173", false],
    ["", false],
    [undefined, false],
  ])("%s in development: %s; packaged: never", ([rendererUrl, isTaken]) => {
    expect(devServer({ isPackaged: false, rendererUrl }) !== null).toBe(isTaken);
    expect(devServer({ isPackaged: true, rendererUrl })).toBeNull();
  });

  const server = new URL("http://127.0.0.1:5173");
  test.for<[string, URL | null, boolean]>([
    ["app://bundle/main.js", null, true],
    ["blob:app://bundle/1", null, true],
    ["devtools://devtools/x", null, true],
    ["http://127.0.0.1:5173/main.tsx", server, false],
    ["https://example.com/", server, false],
    ["ws://127.0.0.1:5173/?token=x", null, false],
    ["ws://127.0.0.1:5173/?token=x", server, true],
    ["ws://127.0.0.1:5174/", server, false],
    ["ws://127.0.0.1:5173@example.com/", server, false],
    ["not an address", server, false],
  ])("a request for %s beside %s: %s", ([url, beside, isAllowed]) => {
    expect(isOwnRequest(url, beside)).toBe(isAllowed);
  });

  async function handler(): Promise<{
    handle: ReturnType<typeof devHandler>;
    asked: string[];
    host: string;
  }> {
    const asked: string[] = [];
    const source = createServer((request, response) => {
      asked.push(request.url ?? "");
      const isPage = request.url === "/";
      response.writeHead(request.url === "/none" ? 404 : 200, {
        "content-type": isPage ? "text/html" : "text/javascript",
        "access-control-allow-origin": "*",
      });
      response.end(`<script nonce="${noncePlaceholder}">`);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void source.close());
    await once(source, "listening");
    const { port } = source.address() as { port: number };
    const host = `127.0.0.1:${port}`;
    return { handle: devHandler(new URL(`http://${host}`)), asked, host };
  }

  test("its page comes through app://bundle, with a nonce of its own for each answer and none of its headers", async () => {
    const { handle, host } = await handler();
    const pages = await Promise.all([1, 2].map(() => handle(new Request("app://bundle/"))));
    const nonces = await Promise.all(pages.map(async (page) => /nonce="(.+)"/.exec(await page.text())?.[1]));
    expect(nonces[0]).not.toBe(noncePlaceholder);
    expect(nonces[0]).not.toBe(nonces[1]);
    const policy = pages[0]!.headers.get("content-security-policy");
    expect(policy?.replaceAll(` 'nonce-${nonces[0]}'`, "")).toBe(
      contentSecurityPolicy({ sockets: [`ws://${host}`] }),
    );
    expect(pages[0]!.headers.get("access-control-allow-origin")).toBeNull();
    expect(pages[0]!.headers.get("x-frame-options")).toBe("DENY");
  });

  test("refusals are its own; what it is asked for stays on it", async () => {
    const { handle, asked } = await handler();
    expect((await handle(new Request("app://bundle/", { method: "POST" }))).status).toBe(405);
    expect((await handle(new Request("app://evil/"))).status).toBe(403);
    expect(asked).toEqual([]);
    expect((await handle(new Request("app://bundle/none"))).status).toBe(404);
    await handle(new Request("app://bundle//example.com/x?a=1"));
    expect(asked).toEqual(["/none", "//example.com/x?a=1"]);
  });
});
