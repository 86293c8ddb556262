import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import path from "node:path";
import { createServer, mergeConfig } from "vite";
import { developmentHeaders, noncePlaceholder } from "../app/development-policy.ts";
import type { DevelopmentPage } from "../browser/development-page.ts";
import { developmentConfig } from "./page-config.ts";

const changesPath = "/changes";
/** Vite's own services, such as opening a file in an editor: any page of the web could call them with an image's address. */
const serviceAddress = /^\/__/;

/**
 * The page from its sources through Vite, which gets no port of its own: requests and upgrades are handed to it by the
 * browser host after its checks. `packageFolder` holds `src` and vite.renderer.config.ts.
 */
export async function createVitePage(packageFolder: string): Promise<DevelopmentPage & AsyncDisposable> {
  const root = path.join(packageFolder, "src/renderer");
  // Never listens: Vite takes the upgrades of a server, and it gets only those that we emit on this one.
  const changes = createHttpServer();
  const vite = await createServer(
    mergeConfig(developmentConfig(packageFolder), {
      configFile: path.join(packageFolder, "vite.renderer.config.ts"),
      configLoader: "native",
      appType: "custom",
      logLevel: "warn",
      server: { middlewareMode: true, ws: { server: changes, path: changesPath } },
    }),
  );
  const page = async (address: string, nonce: string): Promise<string> => {
    const html = await readFile(path.join(root, "index.html"), "utf8");
    return (await vite.transformIndexHtml(address, html)).replaceAll(noncePlaceholder, nonce);
  };
  return {
    socketPath: changesPath,
    async answer(request, response, policy) {
      const nonce = randomBytes(16).toString("base64");
      for (const [name, value] of Object.entries(developmentHeaders(policy, nonce))) {
        response.setHeader(name, value);
      }
      const [address = ""] = (request.url ?? "").split("?");
      if (serviceAddress.test(address)) return end(response, 404);
      if (address === "/" || address === "/index.html") {
        response.setHeader("content-type", "text/html; charset=utf-8");
        return end(response, 200, await page(address, nonce));
      }
      vite.middlewares(request, response, () => end(response, 404));
    },
    upgrade: (request, socket, head) => void changes.emit("upgrade", request, socket, head),
    [Symbol.asyncDispose]: () => vite.close(),
  };
}

function end(response: ServerResponse, status: number, body = ""): void {
  response.statusCode = status;
  response.end(body);
}
