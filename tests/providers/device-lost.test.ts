import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { say } from "../../src/main/cli/session.ts";
import { startEngine, type Engine } from "../../src/main/models/engine.ts";
import { forkChild, forkModel } from "../../src/main/models/fork-port.ts";
import type { DeviceFaults } from "../support/device-process.ts";
import { golden, openSession } from "../support/nano.ts";
import { goldenItem } from "../support/voxtral-golden.ts";

let engine: Engine | undefined;
const notices: string[] = [];
afterEach(async () => {
  await engine?.dispose();
  notices.length = 0;
});

/** The demo pack on a make-believe WebGPU that goes away; everything else is real. */
function startOnDevice(faults: { voxtral?: DeviceFaults; kokoro?: DeviceFaults }): Engine {
  const url = new URL("../support/device-process.ts", import.meta.url);
  const model = (kind: "voxtral" | "kokoro") => ({
    modelDir: fileURLToPath(new URL(`../../resources/models/nano/${kind}`, import.meta.url)),
    provider: faults[kind] ? ("webgpu" as const) : ("cpu" as const),
    threads: 0,
  });
  return startEngine({
    onDeviceLost: ({ message }) => notices.push(message),
    models: { voxtral: model("voxtral"), kokoro: model("kokoro") },
    spawn: (kind) =>
      kind === "voxtral" || kind === "kokoro"
        ? forkChild(url, [kind, JSON.stringify(faults[kind] ?? {})])
        : forkModel(kind),
  });
}

describe("R21 a graphics device that is lost in the middle of a reply", () => {
  test("voxtral: the same turn, the same ids, none twice", async () => {
    // Five runs warm the decoder, and two compute the prompt; then each token is one.
    engine = startOnDevice({ voxtral: { webgpu: { type: "lost", input: "inputs_embeds", run: 14 } } });
    const { voxtral } = await engine.ready;
    expect(voxtral.providers["decoder_model_merged"]).toBe("webgpu");
    const session = openSession(engine);
    const turn = await say(engine, session.conversation, golden("06_story"));
    const indexes: number[] = [];
    turn.onEvent((event) => event.type === "token" && indexes.push(event.index));
    let saidBefore = 0;
    engine.onState((_, { status }) => {
      if (status === "restarting") saidBefore = indexes.length;
    });
    const { outcome, error } = await turn.finished;
    expect({ outcome, error }).toEqual({ outcome: "completed", error: undefined });
    expect(saidBefore).toBeGreaterThan(2);
    expect(turn.tokenIds).toEqual(goldenItem("06_story.wav").generated_ids);
    expect(indexes).toEqual(turn.tokenIds.map((_, index) => index));
    expect(engine.infos.voxtral?.providers["decoder_model_merged"]).toBe("cpu");
    const row = engine.providers.voxtral.find(({ provider }) => provider === "webgpu");
    expect(row?.reason).toMatch(/^It failed while it was running: .*Device is lost/);
    expect(row?.fix).toBe("Restart the models to use it again.");
    expect(notices).toEqual([expect.stringMatching(/^Answering goes on without WebGPU: .*Device is lost/)]);
  });

  test("kokoro: the segment is made again, and no word is heard twice or missed", async () => {
    engine = startOnDevice({ kokoro: { webgpu: { type: "lost", input: "input_ids", run: 8 } } });
    expect((await engine.ready).kokoro.providers).toEqual({ model: "webgpu" });
    const { turn } = await openSession(engine).ask("06_story");
    const { outcome, reply } = await turn.finished;
    expect(outcome).toBe("completed");
    expect(engine.infos.kokoro?.providers).toEqual({ model: "cpu" });
    const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);
    expect(turn.spoken.flatMap(({ chunk }) => words(chunk.textSource))).toEqual(words(reply));
    // Each chunk begins where the one before it ended: not a sample is played twice or left out.
    let samples = 0;
    for (const { chunk } of turn.spoken) {
      expect(chunk.startSample).toBe(samples);
      samples += chunk.pcm.length;
    }
  });

  test("one asked for by name that is lost while the model is loaded is refused, not quietly replaced", async () => {
    engine = startOnDevice({ voxtral: { webgpu: { type: "lost", input: "inputs_embeds", run: 1 } } });
    await expect(engine.ready).rejects.toMatchObject({
      code: "provider-unavailable",
      message: expect.stringContaining("Device is lost"),
    });
    expect(engine.states.voxtral.status).toBe("gave-up");
  });
});
