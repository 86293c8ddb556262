import { readFileSync } from "node:fs";
import { startEngine } from "../../src/main/models/engine.ts";
import { greedy, type GenerationPart, type RealProvider } from "../../src/main/models/services.ts";
import { decodeFile } from "../../src/main/cli/session.ts";
import { percentile } from "../../src/shared/metrics.ts";
import { converse, type ProductTurn } from "../product.ts";

/** What Parley's own decoder takes, speech left out. */
export interface OwnTimes {
  readonly loadMs: number;
  /** What the Voxtral process had read from files when it was ready; null where the system does not tell. */
  readonly readBytes: number | null;
  /** The most it ever held, its node included; null where the system does not tell. */
  readonly memoryBytes: number | null;
  readonly promptTokens: number;
  readonly prefillMs: number;
  readonly stepMs: number;
  readonly provider: string;
  /** Of spoken questions, from the release of the key. */
  readonly firstTokenMs: number;
  readonly firstAudioMs: number;
}

export interface DecodeTask {
  readonly folder: string;
  readonly provider: RealProvider;
  /** One prompt each round, of about as many tokens, with no beginning in common. */
  readonly prompts: readonly string[];
  readonly newTokens: number;
  /** A recording, asked as often as there are prompts. */
  readonly question: string;
}

/** Enough for a first piece of speech; synthetic decoders never end a reply. */
const SPOKEN_TOKENS = 24;

/** Loads the models in Parley's processes and answers each prompt. */
export async function measureOwn(task: DecodeTask): Promise<OwnTimes> {
  const { folder, provider, prompts, newTokens } = task;
  const model = (kind: string) => ({ modelDir: `${folder}/${kind}`, provider, threads: 0 });
  const engine = startEngine({
    models: { voxtral: { ...model("voxtral"), dtype: "q4" }, kokoro: { ...model("kokoro"), dtype: "fp32" } },
  });
  try {
    const { voxtral } = await engine.ready;
    const state = engine.states.voxtral;
    const pid = state.status === "ready" ? state.pid : undefined;
    const readBytes = pid === undefined ? null : bytesRead(pid);
    const prefills: number[] = [];
    const steps: number[] = [];
    let promptTokens = 0;
    for (const text of prompts) {
      const parts: AsyncIterable<GenerationPart> = engine.voxtral.stream("generate", {
        turnId: "size",
        prompt: {
          kind: "chat",
          instructions: "",
          turns: [{ role: "user", content: [{ type: "text", text }] }],
        },
        sampling: greedy,
        maxNewTokens: newTokens,
      });
      for await (const part of parts) {
        if (part.type === "prefilled") {
          promptTokens = part.prefillTokens;
          for (const { name, startMs, endMs } of part.spans)
            if (name === "prefill") prefills.push(endMs - startMs);
        }
        if (part.type === "token" && part.index > 0) steps.push(part.span.endMs - part.span.startMs);
      }
    }
    const { samples } = await decodeFile(engine, task.question);
    const spoken: ProductTurn[] = [];
    for (const _ of prompts)
      spoken.push(...(await converse(engine, [samples], { maxNewTokens: SPOKEN_TOKENS })));
    const middle = (of: (turn: ProductTurn) => number): number => percentile(spoken.slice(1).map(of), 0.5);
    return {
      loadMs: voxtral.loadMs,
      readBytes,
      memoryBytes: pid === undefined ? null : peakBytes(pid),
      promptTokens,
      prefillMs: percentile(prefills.slice(1), 0.5),
      stepMs: percentile(steps, 0.5),
      provider: [...new Set(Object.values(voxtral.providers))].join("+"),
      firstTokenMs: middle((turn) => turn.firstTokenMs),
      firstAudioMs: middle((turn) => turn.firstAudioMs),
    };
  } finally {
    await engine.dispose();
  }
}

/** Bytes that came through read calls; null elsewhere than on Linux. */
function bytesRead(pid: number): number | null {
  return numberIn(`/proc/${pid}/io`, /^rchar: (\d+)$/m);
}

/** The most memory a process ever held; null elsewhere than on Linux. */
export function peakBytes(pid: number): number | null {
  const kb = numberIn(`/proc/${pid}/status`, /^VmHWM:\s+(\d+) kB$/m);
  return kb === null ? null : kb * 1024;
}

function numberIn(file: string, pattern: RegExp): number | null {
  try {
    return Number(pattern.exec(readFileSync(file, "utf8"))?.[1] ?? Number.NaN);
  } catch {
    // Not Linux.
    return null;
  }
}
