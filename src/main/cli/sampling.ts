import { AppError } from "../../shared/errors.ts";
import { demoId } from "../app/model-choice.ts";
import { greedy, type Sampling } from "../models/services.ts";

/** The advice of Voxtral-Mini-3B-2507's model card for conversation. */
const recommended: Sampling = { ...greedy, temperature: 0.2, topP: 0.95 };

interface Knob {
  readonly field: keyof Sampling;
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
}

const knobs: Readonly<Record<string, Knob>> = {
  temperature: { field: "temperature", min: 0, max: 2 },
  "top-p": { field: "topP", min: 0, max: 1 },
  "top-k": { field: "topK", min: 0, max: 1_000_000, isWhole: true },
  "min-p": { field: "minP", min: 0, max: 1 },
  "repetition-penalty": { field: "repetitionPenalty", min: 0.1, max: 10 },
  seed: { field: "seed", min: 0, max: 2 ** 32 - 1, isWhole: true },
};

/**
 * Reads `--sampling`: "greedy", or values such as "temperature=0.2,seed=1" that change the model card's. Without it the
 * demo pack answers greedily, since it looks answers up, and other models as their card says. Throws `bad-input`.
 */
export function readSampling(text: string | undefined, model: string): Sampling {
  if (text === undefined) return model === demoId ? greedy : recommended;
  if (text.trim() === "greedy") return greedy;
  const changes: { -readonly [Field in keyof Sampling]?: number } = {};
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split("=", 2).map((side) => side.trim());
    const knob = Object.hasOwn(knobs, name) ? knobs[name] : undefined;
    if (!knob) {
      const known = Object.keys(knobs).join(", ");
      throw new AppError("bad-input", `--sampling takes greedy, or values of ${known}; not "${part}".`);
    }
    const number = Number(value);
    const isInRange = value !== "" && number >= knob.min && number <= knob.max;
    if (!isInRange || (knob.isWhole && !Number.isInteger(number))) {
      const kind = knob.isWhole ? "whole number" : "number";
      throw new AppError(
        "bad-input",
        `--sampling ${name} takes a ${kind} from ${knob.min} to ${knob.max}, not "${value}".`,
      );
    }
    changes[knob.field] = number;
  }
  return { ...recommended, ...changes };
}
