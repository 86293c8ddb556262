import { builtinModules } from "node:module";
import { posix } from "node:path";
import { parseSync } from "vite";

/** A rule of the house that an import breaks. */
export interface LayerViolation {
  readonly file: string;
  readonly imported: string;
  readonly rule: string;
}

interface Import {
  /** The specifier as written, less a bundler's query ("./x.worklet.ts?worker&url"). */
  readonly specifier: string;
  /** Names that are imported, "" for all of them at once; none for `import "x"`, `import("x")` and `require("x")`. */
  readonly names: readonly string[];
}

/** Every layer with the layers it may import besides itself. A path belongs to the first layer whose pattern fits. */
const layers: readonly { name: string; path: RegExp; may: readonly string[] }[] = [
  { name: "shared", path: /^src\/shared\//, may: [] },
  { name: "preload", path: /^src\/preload\//, may: ["shared"] },
  { name: "renderer", path: /^src\/renderer\//, may: ["shared"] },
  { name: "models", path: /^src\/main\/models\//, may: ["shared"] },
  { name: "storage", path: /^src\/main\/storage\//, may: ["shared"] },
  { name: "library", path: /^src\/main\/library\//, may: ["shared", "storage"] },
  { name: "assistant", path: /^src\/main\/assistant\//, may: ["shared", "models"] },
  { name: "app", path: /^src\/main\/app\//, may: ["shared", "models", "storage", "library", "assistant"] },
  {
    name: "electron",
    path: /^src\/main\/electron\//,
    may: ["shared", "models", "storage", "library", "assistant", "app"],
  },
  {
    name: "browser",
    path: /^src\/main\/browser\//,
    may: ["shared", "models", "storage", "library", "assistant", "app"],
  },
  // Entries and what only they use: they put the parts together, and nothing imports them.
  {
    name: "entries",
    path: /^src\/main\//,
    may: ["shared", "models", "storage", "library", "assistant", "app", "electron", "browser"],
  },
];

/** Packages that belong to some folders only. */
const territories: readonly { packages: RegExp; within: RegExp; rule: string }[] = [
  {
    packages: /^electron$/,
    within: /^src\/(main\/electron|preload)\//,
    rule: "only src/main/electron and src/preload import electron",
  },
  {
    packages: /^(onnxruntime-node|onnxruntime-common|kokoro-js|@huggingface\/.+|@echogarden\/.+)$/,
    within: /^src\/main\/models\//,
    rule: "only src/main/models runs models",
  },
  {
    packages: /^(vite|electron-vite)(\/|$)/,
    within: /^src\/main\/development\//,
    rule: "only src/main/development serves the page from its sources",
  },
  {
    packages: /^node:sqlite$/,
    within: /^src\/main\/storage\//,
    rule: "only src/main/storage opens the database",
  },
  {
    packages: /^(react|react-dom|zustand|lucide-react|@visx|@base-ui)(\/|$)/,
    within: /^src\/renderer\//,
    rule: "only the renderer draws",
  },
];

/** What code for both sides may use: packages that need neither Node nor a page. */
const purePackages = /^(zod|@msgpack\/msgpack)$/;
const bareBuiltins = new Set(builtinModules);

/**
 * The imports of `source` that break the one-way dependencies of the house. `file` and the answer's paths are relative
 * to the repository root, with forward slashes. Type imports count: a type from above is knowledge of what is above.
 */
export function layerViolations(file: string, source: string): LayerViolation[] {
  return importsOf(file, source).flatMap((found) => {
    const imported = found.specifier.startsWith(".")
      ? posix.join(posix.dirname(file), found.specifier)
      : found.specifier;
    return brokenRules(file, imported, found).map((rule) => ({ file, imported, rule }));
  });
}

function brokenRules(file: string, imported: string, { specifier, names }: Import): string[] {
  const from = layerOf(file);
  const rules: string[] = [];
  if (specifier.startsWith(".")) {
    const to = layerOf(imported);
    if (to === undefined) {
      if (!/\.(css|json)$/.test(imported)) rules.push("source imports only source");
    } else if (/\.test\.tsx?$/.test(imported)) rules.push("source imports no test");
    else if (from !== undefined && to !== from && !from.may.includes(to.name)) {
      rules.push(`${from.name} does not import ${to.name}`);
    }
    if (from?.name === "assistant" && to?.name === "models" && !isModelInterface(imported)) {
      rules.push("the assistant knows the models by services.ts and engine.ts only");
    }
    return rules;
  }
  if (isNodeModule(specifier) && /^src\/(shared|renderer|preload)\//.test(file)) {
    rules.push(`${from?.name} imports nothing of Node`);
  }
  if (from?.name === "shared" && !isNodeModule(specifier) && !purePackages.test(specifier)) {
    rules.push("shared is pure");
  }
  for (const { packages, within, rule } of territories) {
    if (packages.test(specifier) && !within.test(file)) rules.push(rule);
  }
  if (specifier === "electron" && file !== "src/main/electron/ipc.ts") {
    if (names.includes("ipcMain")) rules.push("only src/main/electron/ipc.ts imports ipcMain");
    if (names.includes("")) rules.push("electron is imported by names");
  }
  return rules;
}

function layerOf(path: string): (typeof layers)[number] | undefined {
  return layers.find((layer) => layer.path.test(path));
}

function isModelInterface(path: string): boolean {
  return /^src\/main\/models\/(services|engine)\.ts$/.test(path);
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith("node:") || bareBuiltins.has(specifier);
}

function importsOf(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const withoutQuery = (specifier: string) => specifier.replace(/\?.*$/, "");
  const statics = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: withoutQuery(moduleRequest.value),
    names: entries.map(({ importName }) => importName.name ?? ""),
  }));
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, importName }) =>
      moduleRequest === null
        ? []
        : [{ specifier: withoutQuery(moduleRequest.value), names: [importName.name ?? ""] }],
    ),
  );
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const literal = /^["'`](.*)["'`]$/.exec(source.slice(moduleRequest.start, moduleRequest.end));
    return literal?.[1] === undefined ? [] : [{ specifier: withoutQuery(literal[1]), names: [] }];
  });
  // `createRequire` is how a CommonJS package is sometimes loaded: its literal arguments are imports as well.
  const required = [...source.matchAll(/\brequire\(\s*["'`]([^"'`]+)["'`]\s*\)/g)].map(([, specifier]) => ({
    specifier: specifier ?? "",
    names: [],
  }));
  return [...statics, ...exported, ...dynamic, ...required];
}
