import { expect, onTestFinished, test } from "vitest";
import { forkModel } from "../../src/main/models/fork-port.ts";
import {
  greedy,
  type GenerationPart,
  type Prompt,
  type VoxtralService,
} from "../../src/main/models/services.ts";
import { SupervisedProcess } from "../../src/main/models/supervisor.ts";
import { streamWindow } from "../../src/shared/rpc-wire.ts";
import { collect } from "../support/collect.ts";

const load = { modelDir: "resources/models/nano/voxtral", provider: "cpu", threads: 1 } as const;
const prompt: Prompt = {
  kind: "chat",
  instructions: "",
  turns: [{ role: "user", content: [{ type: "text", text: "Tell me a short story." }] }],
};

const idsOf = (parts: readonly GenerationPart[]) => parts.find((part) => part.type === "finished")?.tokenIds;

test("R62 voxtral killed in the middle of a reply: the turn fails, the model is loaded again, the same question gets the same answer", async () => {
  const voxtral = new SupervisedProcess<VoxtralService>({
    name: "voxtral",
    spawn: () => forkModel("voxtral"),
    onStart: async (client) => void (await client.call("load", load)),
  });
  onTestFinished(() => voxtral.stop());
  const ask = (turnId: string) =>
    voxtral.client.stream("generate", { turnId, prompt, sampling: greedy, maxNewTokens: 200 });

  const whole = idsOf(await collect(ask("whole")));
  // Longer than the window of a stream: the process cannot have finished when its first token is seen.
  expect(whole?.length).toBeGreaterThan(streamWindow);
  const interrupted = async () => {
    for await (const part of ask("killed")) {
      if (part.type !== "token" || part.index > 0) continue;
      const { state } = voxtral;
      if (state.status === "ready") process.kill(state.pid!, "SIGKILL");
    }
  };
  await expect(interrupted()).rejects.toThrow(expect.objectContaining({ code: "engine-gone" }));
  expect(idsOf(await collect(ask("again")))).toEqual(whole);
});
