import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeHub } from "../library/fake-hub.ts";
import { goldenWav, scratchFolder, startCli, type Finished } from "./run-cli.ts";

/** The demo pack's Voxtral, offered by a hub as somebody's repository. */
const pack = fileURLToPath(new URL("../../resources/models/nano/voxtral/", import.meta.url));
const repo = "somebody/tiny-voxtral";
const id = "somebody--tiny-voxtral-fp32";

let hub: FakeHub;
let home: string;

beforeEach(async () => {
  hub = await FakeHub.start(100_000);
  for (const file of readdirSync(pack, { recursive: true, encoding: "utf8" })) {
    if (/\.(json|onnx)$/u.test(file)) {
      hub.put(repo, file.replaceAll(path.sep, "/"), readFileSync(path.join(pack, file)));
    }
  }
  home = scratchFolder();
});
afterEach(() => hub[Symbol.asyncDispose]());

const env = (): Record<string, string> => ({
  PARLEY_HOME: home,
  HF_ENDPOINT: hub.endpoint,
  HF_HUB_CACHE: path.join(home, "no-cache"),
  HF_TOKEN: "hf_verysecret",
});
const run = (...parameters: string[]): Promise<Finished> => startCli(parameters, env()).finished;

describe("R20 R23 models on the command line", () => {
  test("a repository is added, answers a question, is checked, and is deleted", async () => {
    hub.fail("onnx/audio_encoder.onnx", { type: "cut", after: 1_000_000 });
    const added = await run("models", "add", repo, "--dtype", "fp32");
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.stderr).toContain(`ask with --model ${id}`);
    // Only what this precision needs.
    expect(hub.requests.some(({ path: asked }) => asked.includes("quantized"))).toBe(false);

    const question = goldenWav("01_hello");
    const asked = await run("ask", question, "--model", id, "--sampling", "greedy", "--out", "none");
    const demo = await run("ask", question, "--out", "none");
    expect(asked).toMatchObject({ exitCode: 0, stdout: demo.stdout });

    expect(await run("models", "verify", id)).toMatchObject({ exitCode: 0 });
    expect(await run("models", "remove", id)).toMatchObject({ exitCode: 0 });
    expect(readdirSync(path.join(home, "models", "somebody"))).toEqual([]);
  }, 120_000);

  test("interrupted, it keeps what is here; the same command goes on", async () => {
    hub.fail("onnx/decoder_model_merged.onnx", { type: "stall", after: 3_000_000 });
    const first = startCli(["models", "add", repo, "--dtype", "fp32"], env());
    while (!hub.isStalled) await new Promise(setImmediate);
    first.child.kill("SIGINT");
    expect(await first.finished).toMatchObject({ exitCode: 130 });
    const listed = await run("models", "list", "--json");
    const mine = (JSON.parse(listed.stdout) as { id: string; state: string }[]).find(
      (model) => model.id === id,
    );
    expect(mine?.state).toBe("paused");
    expect(await run("models", "add", id)).toMatchObject({ exitCode: 0 });
    expect(hub.sentBytes("decoder_model_merged.onnx")).toBeLessThan(3_000_000 + 7_233_233);
  }, 60_000);

  test("a folder is taken over without a network", async () => {
    await run("models", "add", repo, "--dtype", "fp32");
    await run("models", "remove", id);
    hub.requests.length = 0;
    expect(await run("models", "import", id, pack)).toMatchObject({ exitCode: 0 });
    expect(hub.requests).toEqual([]);
  }, 60_000);

  test("a folder is added as a model of its own", async () => {
    const { exitCode, stderr } = await run("models", "add", pack, "--dtype", "fp32");
    expect(exitCode, stderr).toBe(0);
    const own = /--model (voxtral-[0-9a-f]{6}-fp32)/u.exec(stderr)?.[1] ?? "";
    const asked = await run("ask", goldenWav("01_hello"), "--model", own, "--out", "none");
    expect(asked, stderr).toMatchObject({ exitCode: 0 });
    expect(asked.stdout.length).toBeGreaterThan(5);
    expect(hub.requests).toEqual([]);
  }, 60_000);

  test("R60 the token is never printed, whatever goes wrong", async () => {
    hub.token = "another";
    const { exitCode, stdout, stderr } = await run("models", "add", "kokoro-82m-q8");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("HF_TOKEN");
    expect(stdout + stderr).not.toContain("verysecret");
  });

  test.each<[string[], string]>([
    [["models", "sing"], 'models can list, add, remove, verify, import, not "sing".'],
    [["models", "add"], "Name a model"],
    [["models", "add", "nonsense"], "There is no model named nonsense"],
    [["models", "import", "kokoro-82m-q8", "/nowhere"], "is not a complete Kokoro 82M"],
  ])("%j says what to do", async (parameters, sentence) => {
    const { exitCode, stderr } = await run(...parameters);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(sentence);
  });
});
