import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

// The last line of .ci/run decides what people believe about a change: it must never look better than the run was.
const script = fileURLToPath(new URL("../../.ci/count.mjs", import.meta.url));

interface Run {
  readonly failedChecks?: number;
  readonly passed?: number;
  readonly failed?: number;
  /** A test file that could not be loaded. */
  readonly broken?: boolean;
}

function count({ failedChecks = 0, passed = 0, failed = 0, broken = false }: Run, report = true) {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-count-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "tests.json");
  const assertionResults = Array.from({ length: failed }, (_, i) => ({
    status: "failed",
    fullName: `wrong ${i}`,
  }));
  const testResults = [
    { name: "a.test.ts", status: failed > 0 || broken ? "failed" : "passed", message: "", assertionResults },
  ];
  const success = failed === 0 && !broken;
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0 };
  if (report) writeFileSync(file, JSON.stringify({ ...counts, success, testResults }));
  const { status, stdout } = spawnSync(process.execPath, [script, String(failedChecks), file], {
    encoding: "utf8",
  });
  return { status, last: stdout.trim().split("\n").at(-1) };
}

test.each<[string, Run, string]>([
  ["a run in which all is well", { passed: 7 }, "7 passed, 0 failed"],
  [
    "failed tests, which fail the check of that name as well",
    { passed: 5, failed: 2, failedChecks: 1 },
    "5 passed, 2 failed",
  ],
  ["a failed check beside good tests", { passed: 7, failedChecks: 1 }, "7 passed, 1 failed"],
  ["a failed check beside failed tests", { passed: 5, failed: 2, failedChecks: 2 }, "5 passed, 3 failed"],
  ["a file that could not be loaded", { passed: 5, broken: true, failedChecks: 1 }, "5 passed, 1 failed"],
  ["a run without tests", {}, "0 passed, 1 failed"],
])("the count of %s", (_, run, last) => {
  expect(count(run)).toEqual({ last, status: last.endsWith(" 0 failed") ? 0 : 1 });
});

test("the count of tests that never reported", () => {
  expect(count({ failedChecks: 1 }, false)).toEqual({ last: "0 passed, 1 failed", status: 1 });
  expect(count({}, false)).toEqual({ last: "0 passed, 1 failed", status: 1 });
});
