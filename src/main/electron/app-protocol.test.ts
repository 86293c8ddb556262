import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPageFiles } from "../app/page-files.ts";
import { bundleHandler } from "./app-protocol.ts";

let root: string;
let handle: ReturnType<typeof bundleHandler>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-bundle-"));
  await mkdir(join(root, "out/assets"), { recursive: true });
  await writeFile(join(root, "out/index.html"), "<!doctype html>");
  await writeFile(join(root, "out/assets/app.js"), "export {}");
  await writeFile(join(root, "out/notes.exe"), "not for pages");
  await writeFile(join(root, "secret.json"), "{}");
  await symlink(join(root, "secret.json"), join(root, "out/link.json"));
  handle = bundleHandler(await readPageFiles(join(root, "out")), {
    "content-security-policy": "default-src 'none'",
  });
});
afterAll(() => rm(root, { recursive: true }));

describe("R61 own protocol", () => {
  test.each([
    ["app://bundle/", 200, "text/html; charset=utf-8"],
    ["app://bundle/index.html", 200, "text/html; charset=utf-8"],
    ["app://bundle/assets/app.js", 200, "text/javascript; charset=utf-8"],
    ["app://bundle/../secret.json", 404, null],
    ["app://bundle/%2e%2e/secret.json", 404, null],
    ["app://bundle/..%2fsecret.json", 404, null],
    ["app://bundle/..%5csecret.json", 404, null],
    ["app://bundle//etc/passwd", 404, null],
    ["app://bundle/index.html%00.js", 404, null],
    ["app://bundle/assets", 404, null],
    ["app://bundle/link.json", 404, null],
    ["app://bundle/notes.exe", 404, null],
    ["app://evil/index.html", 403, null],
    ["https://bundle/index.html", 403, null],
  ])("%s → %d", async (url, status, mimeType) => {
    const response = handle(new Request(url));
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(mimeType);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'");
  });

  test("nothing but GET", async () => {
    expect(handle(new Request("app://bundle/", { method: "POST" })).status).toBe(405);
  });
});
