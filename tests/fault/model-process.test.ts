import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const entry = fileURLToPath(new URL("../../src/main/models/process.ts", import.meta.url));

/** Runs the entry of the model processes to its end. */
async function run(args: string[], env: Record<string, string>): Promise<{ code: unknown; stderr: string }> {
  const child = fork(entry, args, { env, execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let stderr = "";
  child.stderr?.on("data", (text) => (stderr += String(text)));
  const [code]: unknown[] = await once(child, "close");
  return { code, stderr };
}

test("R60 a model process refuses to run while onnxruntime could send telemetry", async () => {
  expect(await run(["listener"], {})).toEqual({
    code: 2,
    stderr: expect.stringContaining("ORT_DISABLE_TELEMETRY must be 1"),
  });
  expect(await run(["voxtral"], { ORT_DISABLE_TELEMETRY: "0" })).toMatchObject({ code: 2 });
});

test.for([["nobody"], ["constructor"], []])("an unknown model is refused: %s", async (args) => {
  const { code, stderr } = await run(args, { ORT_DISABLE_TELEMETRY: "1" });
  expect(code).toBe(2);
  expect(stderr).toContain("known are listener, voxtral, kokoro");
});
