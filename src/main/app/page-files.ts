import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/**
 * A file of the built page, in memory, for both hosts: a request is looked up by its exact address and never touches the
 * disk.
 */
export interface PageFile {
  readonly content: Buffer;
  readonly mimeType: string;
  /** Quoted, as a header wants it. */
  readonly etag: string;
  /** Its name carries a hash of its content, so it never changes under that name. */
  readonly isImmutable: boolean;
}

const mimeTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wav": "audio/wav",
  ".woff2": "font/woff2",
};

/**
 * Reads every file below `folder` under its address (`/assets/x-1a2b3c4d.js`); `/` is index.html. Links and types a page
 * has no use for are left out. Rejects when the folder cannot be read.
 */
export async function readPageFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, PageFile>();
  for (const entry of entries) {
    const mimeType = mimeTypes[path.extname(entry.name)];
    if (!entry.isFile() || mimeType === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const content = await readFile(file);
    const address = `/${path.relative(folder, file).split(path.sep).join("/")}`;
    const digest = createHash("sha256").update(content).digest("base64url");
    files.set(address, {
      content,
      mimeType,
      etag: `"${digest}"`,
      // Vite's names for built files: `name-` and eight characters of hash.
      isImmutable: /^\/assets\/.+-[\w-]{8}\.\w+$/.test(address),
    });
  }
  const index = files.get("/index.html");
  if (index) files.set("/", index);
  return files;
}
