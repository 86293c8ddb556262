import { randomBytes } from "node:crypto";
import { developmentHeaders, noncePlaceholder } from "../app/development-policy.ts";
import { APP_ORIGIN, APP_SCHEME } from "./origin.ts";

/**
 * The server of the page's sources that `npm run dev` names in `ELECTRON_RENDERER_URL`; null for the built page. Pure.
 * A packaged app never has one, and nothing but a plain loopback address ever is one.
 */
export function devServer(from: {
  readonly isPackaged: boolean;
  readonly rendererUrl: string | undefined;
}): URL | null {
  if (from.isPackaged || from.rendererUrl === undefined) return null;
  const url = URL.parse(from.rendererUrl);
  if (url?.protocol !== "http:" || url.username !== "" || url.password !== "") return null;
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) ? url : null;
}

/** Whether a page may ask for `url` at all: its own files, and in development the socket that tells of changes. Pure. */
export function isOwnRequest(url: string, server: URL | null): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  if ([`${APP_SCHEME}:`, "devtools:", "blob:"].includes(parsed.protocol)) return true;
  return server !== null && parsed.protocol === "ws:" && parsed.host === server.host;
}

/**
 * Answers requests to `app://bundle/…` from the development server, so that the page has the same origin, permissions
 * and checks as the built one. GET only, our host only.
 */
export function devHandler(server: URL): (request: Request) => Promise<Response> {
  return async (request) => {
    const nonce = randomBytes(16).toString("base64");
    const headers = developmentHeaders({ sockets: [`ws://${server.host}`] }, nonce);
    if (request.method !== "GET") return new Response(null, { status: 405, headers });
    const asked = new URL(request.url);
    if (`${asked.protocol}//${asked.host}` !== APP_ORIGIN)
      return new Response(null, { status: 403, headers });
    // Set piece by piece: an address such as //host would otherwise become another server's.
    const target = new URL(server);
    target.pathname = asked.pathname;
    target.search = asked.search;
    // Vite tells a style sheet from a module that carries one by what is accepted.
    const accept = request.headers.get("accept") ?? "*/*";
    const answer = await fetch(target, { headers: { accept } });
    const mimeType = answer.headers.get("content-type") ?? "application/octet-stream";
    const body = mimeType.startsWith("text/html")
      ? (await answer.text()).replaceAll(noncePlaceholder, nonce)
      : await answer.arrayBuffer();
    return new Response(body, {
      status: answer.status,
      headers: { ...headers, "content-type": mimeType },
    });
  };
}
