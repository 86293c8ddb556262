import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { extractAll, listPackage } from "@electron/asar";
import { FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { parseSync } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cannotPack, pack, type Packed } from "../../tools/package/pack.ts";

const reason = cannotPack();
if (reason !== undefined) console.warn(`R24 the package is not checked: ${reason}`);

describe.skipIf(reason !== undefined)("R24 the package", () => {
  let folder: string;
  let packed: Packed;
  /** In the archive, with / between folders. */
  let files: readonly string[];
  /** What Electron shows as app.asar, as a folder that Node can read. */
  let app: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "parley-package-"));
    packed = await pack(folder);
    const archive = path.join(packed.resources, "app.asar");
    files = listPackage(archive, { isPack: false }).map((file) => file.split(path.sep).join("/"));
    app = path.join(folder, "extracted", "app.asar");
    extractAll(archive, app);
    cpSync(`${archive}.unpacked`, `${app}.unpacked`, { recursive: true });
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds the built app, the demo models and the licences, and no sources", () => {
    for (const wanted of [
      "/package.json",
      "/out/main/index.js",
      "/out/main/models/process.js",
      "/out/preload/index.cjs",
      "/out/renderer/index.html",
      "/resources/models/nano/voxtral/config.json",
      "/resources/icons/parley.png",
      "/samples/questions.json",
      "/LICENSE",
      "/THIRD-PARTY-NOTICES.md",
    ]) {
      expect(files).toContain(wanted);
    }
    expect(
      files.filter((file) => /\.(ts|tsx|map)$|\.test\.|^\/(src|tests|bench|tools)\//u.test(file)),
    ).toEqual([]);
  });

  test("brings of every native library this system's alone, outside the archive", () => {
    const native = /\.(node|dll|dylib|so(\.\d+)*)$/u;
    const libraries = files.filter((file) => native.test(file));
    expect(libraries.some((file) => file.includes("/onnxruntime-node/bin/"))).toBe(true);
    for (const file of libraries) {
      expect(file).toMatch(process.platform);
      expect(file).toMatch(process.arch);
      expect(existsSync(path.join(packed.resources, "app.asar.unpacked", file)), file).toBe(true);
    }
  });

  test("brings every package that its code imports, and none besides", () => {
    const imported = new Set<string>();
    for (const file of files.filter((name) => /^\/out\/(main|shared)\/.*\.js$/u.test(name))) {
      for (const name of packagesIn(readFileSync(path.join(app, file), "utf8"))) imported.add(name);
    }
    // Electron brings itself.
    imported.delete("electron");
    const brought = new Set(files.map((file) => /^\/node_modules\/((?:@[^/]+\/)?[^/@]+)\//u.exec(file)?.[1]));
    brought.delete(undefined);
    expect(imported.size).toBeGreaterThan(5);
    for (const name of imported) expect([...brought], `imported, not brought`).toContain(name);
    const needed = new Set(imported);
    for (const name of imported) for (const own of dependenciesIn(app, name, brought)) needed.add(own);
    for (const name of brought) expect([...needed], `brought, not imported`).toContain(name);
  });

  test("its models are loaded and speak, from what it brings alone", async () => {
    const script = fileURLToPath(new URL("ask-packaged.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, app], { cwd: folder });
    const answer = JSON.parse(stdout) as Record<string, unknown>;
    expect(answer).toMatchObject({ steps: true, voices: 54 });
    expect(answer["samples"]).toBeGreaterThan(5000);
    expect((answer["words"] as number[]).length).toBeGreaterThan(1);
    // ONNX Runtime opens models and its own libraries by their path, and cannot look into an archive.
    const libraries = `node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`;
    const outside = ["resources/models/nano/voxtral", libraries].map((name) =>
      path.join(`${app}.unpacked`, name),
    );
    expect(answer["folders"]).toEqual(outside);
    expect(outside.every((name) => existsSync(name))).toBe(true);
  });

  test("its fuses are as electron-builder.yml says", async () => {
    const wire = await getCurrentFuseWire(packed.executable);
    const isOn = (fuse: FuseV1Options): boolean => String.fromCharCode(wire[fuse] ?? 0) === "1";
    const on = [
      FuseV1Options.EnableCookieEncryption,
      FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
      FuseV1Options.OnlyLoadAppFromAsar,
    ];
    const off = [
      FuseV1Options.RunAsNode,
      FuseV1Options.EnableNodeOptionsEnvironmentVariable,
      FuseV1Options.EnableNodeCliInspectArguments,
      FuseV1Options.GrantFileProtocolExtraPrivileges,
    ];
    expect(on.filter((fuse) => !isOn(fuse)).map((fuse) => FuseV1Options[fuse])).toEqual([]);
    expect(off.filter(isOn).map((fuse) => FuseV1Options[fuse])).toEqual([]);
  });
});

/** Packages that a module imports or resolves by name. */
function packagesIn(code: string): readonly string[] {
  const { module } = parseSync("module.js", code);
  const names = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  for (const [, name] of code.matchAll(
    /(?:import|import\.meta\.resolve|require|resolve)\("([^".][^"]*)"\)/gu,
  ))
    names.push(name!);
  return names
    .filter((name) => /^(@[\w-]+\/)?[\w-]+(\/|$)/u.test(name) && !name.startsWith("node:"))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/u.exec(name)![0]);
}

/** Those of a package's dependencies that were brought, and theirs. */
function dependenciesIn(
  app: string,
  name: string,
  brought: ReadonlySet<string | undefined>,
): readonly string[] {
  const require = createRequire(path.join(app, "package.json"));
  const file = path.join(app, "node_modules", name, "package.json");
  if (!existsSync(file)) return [];
  const { dependencies = {} } = require(file) as { dependencies?: Record<string, string> };
  const own = Object.keys(dependencies).filter((dependency) => brought.has(dependency));
  return [...own, ...own.flatMap((dependency) => dependenciesIn(app, dependency, brought))];
}
