/** What speaking costs just now, as straight lines through what was measured. */
export interface CostEstimate {
  /** Between two tokens, and how many speakable characters one brings. */
  readonly msPerToken: number;
  readonly charactersPerToken: number;
  /** Synthesis of a segment takes `synthesisBaseMs + synthesisMsPerCharacter · characters`. */
  readonly synthesisBaseMs: number;
  readonly synthesisMsPerCharacter: number;
  /** How long one character sounds. */
  readonly audioMsPerCharacter: number;
  /** Typical miss of the synthesis line: what a deadline has to leave free. */
  readonly synthesisErrorMs: number;
}

/** A segment that was spoken. */
export interface SpokenCost {
  readonly characters: number;
  readonly synthesisMs: number;
  readonly audioMs: number;
}

/**
 * Before anything was measured. `npm run latency -- --runs 15` with the demo pack on two free cores of an AMD EPYC says
 * 2.6 ms between tokens and about 40 ms from the first word to its audio, which fits 20 ms and 1 ms a character. The rest
 * are guesses on the careful side: speech of about 15 characters a second, four characters to a token, a miss of 10 ms.
 */
export const priorCosts: CostEstimate = {
  msPerToken: 3,
  charactersPerToken: 4,
  synthesisBaseMs: 20,
  synthesisMsPerCharacter: 1,
  audioMsPerCharacter: 60,
  synthesisErrorMs: 10,
};

/** An observation weighs half after about 14 more: fast enough for a laptop that gets warm, slow enough for noise. */
const KEEP = 0.95;
/** Misses beyond this many typical ones count as if they were just that large (Huber's bound). */
const OUTLIER = 3;
/** How many observations a prior is worth. */
const PRIOR_WEIGHT = 2;

/** The costs of one voice on one provider, updated with every token and segment. It has no clock of its own. */
export class SpeechCosts {
  readonly #tokenMs: RunningMean;
  readonly #tokenCharacters: RunningMean;
  readonly #audio: RunningMean;
  readonly #synthesis: RunningLine;

  constructor(prior: CostEstimate = priorCosts) {
    this.#tokenMs = new RunningMean(prior.msPerToken);
    this.#tokenCharacters = new RunningMean(prior.charactersPerToken);
    this.#audio = new RunningMean(prior.audioMsPerCharacter);
    this.#synthesis = new RunningLine(prior);
  }

  get estimate(): CostEstimate {
    return {
      msPerToken: this.#tokenMs.value,
      charactersPerToken: this.#tokenCharacters.value,
      audioMsPerCharacter: this.#audio.value,
      ...this.#synthesis.line,
    };
  }

  /** A token came `sinceMs` after the one before and brought so many characters. Ignores what is not a duration. */
  token(sinceMs: number, characters: number): void {
    if (!(sinceMs >= 0) || !Number.isFinite(sinceMs)) return;
    this.#tokenMs.add(sinceMs);
    this.#tokenCharacters.add(characters);
  }

  /** A segment was spoken. Ignores one without characters or with impossible times. */
  spoken({ characters, synthesisMs, audioMs }: SpokenCost): void {
    const isPossible = Number.isFinite(synthesisMs) && Number.isFinite(audioMs) && synthesisMs >= 0;
    if (!isPossible || !(characters > 0) || !(audioMs > 0)) return;
    this.#synthesis.add(characters, synthesisMs);
    this.#audio.add(audioMs / characters);
  }
}

/** An exponentially weighted mean that a single outlier moves little. */
class RunningMean {
  value: number;
  #weight = PRIOR_WEIGHT;
  #spread: number;

  constructor(prior: number) {
    this.value = prior;
    this.#spread = prior;
  }

  add(value: number): void {
    const miss = value - this.value;
    const bound = OUTLIER * this.#spread;
    this.#weight = this.#weight * KEEP + 1;
    this.value += Math.max(-bound, Math.min(bound, miss)) / this.#weight;
    // It learns from the bounded miss as well, or one outlier would let the next one pass; never nothing, or a steady
    // cost that changes could not be followed.
    const seen = Math.min(Math.abs(miss), 2 * bound);
    this.#spread = Math.max(0.02 * Math.abs(this.value), this.#spread + (seen - this.#spread) / this.#weight);
  }
}

/** Least squares of `y = base + slope · x`, exponentially weighted, both parts never negative. */
class RunningLine {
  #n = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #error: number;

  constructor({ synthesisBaseMs, synthesisMsPerCharacter, synthesisErrorMs }: CostEstimate) {
    this.#error = synthesisErrorMs;
    // The prior as two observations, one short and one long, so that measurements replace it in the same units.
    for (const x of [10, 100]) this.#accumulate(x, synthesisBaseMs + synthesisMsPerCharacter * x);
  }

  get line(): Pick<CostEstimate, "synthesisBaseMs" | "synthesisMsPerCharacter" | "synthesisErrorMs"> {
    const spread = this.#n * this.#xx - this.#x * this.#x;
    const fitted = spread > 0 ? (this.#n * this.#xy - this.#x * this.#y) / spread : 0;
    // A line through the origin where the fit would start below it, a level one where it would fall.
    const mean = this.#y / this.#n;
    const slope = Math.max(0, Math.min(fitted, this.#xy / this.#xx));
    const base = Math.max(0, mean - (slope * this.#x) / this.#n);
    return { synthesisBaseMs: base, synthesisMsPerCharacter: slope, synthesisErrorMs: this.#error };
  }

  add(x: number, y: number): void {
    const { synthesisBaseMs, synthesisMsPerCharacter } = this.line;
    const expected = synthesisBaseMs + synthesisMsPerCharacter * x;
    // A tenth of the expectation at least: what is predicted perfectly for long must still be allowed to change.
    const bound = OUTLIER * Math.max(this.#error, expected / 10);
    const miss = Math.max(-bound, Math.min(bound, y - expected));
    this.#accumulate(x, expected + miss);
    this.#error += (Math.abs(miss) - this.#error) / (PRIOR_WEIGHT + 1 / (1 - KEEP));
  }

  #accumulate(x: number, y: number): void {
    this.#n = this.#n * KEEP + 1;
    this.#x = this.#x * KEEP + x;
    this.#y = this.#y * KEEP + y;
    this.#xx = this.#xx * KEEP + x * x;
    this.#xy = this.#xy * KEEP + x * y;
  }
}
