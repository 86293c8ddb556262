// Last lines of .ci/run. usage: node count.mjs FAILED_CHECKS REPORT.json…   (reports of vitest's JSON reporter)
// A check that failed, a test file that could not be loaded, an error outside every test and a run without tests
// each count as a failure, so that the last line can never look better than the run was.
import { existsSync, readFileSync } from "node:fs";

const [failedChecks, ...paths] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedChecks);
let skipped = 0;
for (const path of paths.filter((name) => existsSync(name))) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  passed += report.numPassedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A test that fails also fails the check "tests": it must not be counted twice.
  failed += Math.max(0, report.numFailedTests - (report.success ? 0 : 1));
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter(({ status }) => status === "failed");
    for (const test of failures) console.log(`FAILED ${file.name}: ${test.fullName}`);
    if (file.status === "failed" && failures.length === 0)
      console.log(`FAILED ${file.name}: ${file.message}`);
  }
}
if (passed + failed === 0) failed = 1;
if (skipped > 0) console.log(`${skipped} skipped; each prints its reason above`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
