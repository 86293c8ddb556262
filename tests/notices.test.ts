import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

// The notices are made by `npm run notices`. This test reads the lock file, so that a dependency cannot come, go or change
// its version without them.
interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  /** Wanted by a tool, and optional to what ships. */
  readonly devOptional?: boolean;
}
interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}
interface Manifest {
  readonly license: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const { packages } = JSON.parse(read("package-lock.json")) as Lock;
const manifest = JSON.parse(read("package.json")) as Manifest;
const notices = read("THIRD-PARTY-NOTICES.md");
const listed = new Set([...notices.matchAll(/^ - (\S+@\S+)$/gm)].map(([, name]) => name!));

/** Everything in the lock file that ships, as name@version. */
const shipped = Object.entries(packages)
  .filter(([path, { dev }]) => path !== "" && dev !== true)
  .map(([path, { version, optional = false, devOptional = false }]) => {
    const name = path.split("node_modules/").at(-1)!;
    return {
      id: `${name}@${version}`,
      isPlatformBound: (optional || devOptional) && !(name in manifest.optionalDependencies),
    };
  });

test("the notices name every package that ships, in the version of the lock file: else run `npm run notices`", () => {
  const expected = shipped.filter(({ isPlatformBound }) => !isPlatformBound).map(({ id }) => id);
  expect(expected.length).toBeGreaterThan(50);
  expect(expected.filter((id) => !listed.has(id))).toEqual([]);
});

test("the notices name nothing that does not ship", () => {
  const ids = new Set(shipped.map(({ id }) => id));
  expect([...listed].filter((id) => !ids.has(id))).toEqual([]);
});

test.each([
  "espeak-ng, inside",
  "Kokoro's voices, inside",
  "Silero VAD, inside",
  "ONNX Runtime, the packages",
  "libuiohook, inside",
])("the notices tell what npm does not: %s …", (work) => {
  expect(notices).toContain(work);
});

test("the licence fits what is bundled: espeak-ng is under the GPL, so Parley is", () => {
  expect(manifest.license).toBe("GPL-3.0-or-later");
  expect(read("LICENSE")).toContain("GNU GENERAL PUBLIC LICENSE");
});
