import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { APP_ORIGIN } from "./origin.ts";

/** A file a page may ask for: found by its exact address, so no path of a request ever touches the disk. */
export interface BundleFile {
  readonly path: string;
  readonly mimeType: string;
}

const mimeTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wav": "audio/wav",
  ".woff2": "font/woff2",
};

/** Lists every file below `folder` by its address (`/assets/x.js`); `/` is index.html. Unknown types are left out. */
export async function readManifest(folder: string): Promise<ReadonlyMap<string, BundleFile>> {
  const manifest = new Map<string, BundleFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const mimeType = mimeTypes[extname(entry.name)];
    if (!entry.isFile() || mimeType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    manifest.set(path.slice(folder.length).replaceAll("\\", "/"), { path, mimeType });
  }
  const index = manifest.get("/index.html");
  if (index) manifest.set("/", index);
  return manifest;
}

/**
 * Answers requests to `app://bundle/…` from the manifest: GET only, our host only, exact addresses only. `headers` (the
 * content security policy among them) go with every answer, refusals too.
 */
export function bundleHandler(
  manifest: ReadonlyMap<string, BundleFile>,
  headers: Readonly<Record<string, string>>,
): (request: Request) => Promise<Response> {
  const refuse = (status: number): Response => new Response(null, { status, headers });
  return async (request) => {
    if (request.method !== "GET") return refuse(405);
    const url = new URL(request.url);
    if (`${url.protocol}//${url.host}` !== APP_ORIGIN) return refuse(403);
    const file = manifest.get(url.pathname);
    if (!file) return refuse(404);
    return new Response(new Uint8Array(await readFile(file.path)), {
      headers: { ...headers, "content-type": file.mimeType },
    });
  };
}
