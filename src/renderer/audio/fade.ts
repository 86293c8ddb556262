/**
 * The loudness of a track: constant, or on its way from one level to another without a corner at either end, so that it
 * does not click. Levels are factors in [0, 1]. Allocates nothing after its making: it runs on the audio thread.
 */
export class Fade {
  #from: number;
  #to: number;
  #at = 0;
  #length = 0;

  constructor(level: number) {
    this.#from = level;
    this.#to = level;
  }

  /** The level of the newest sample. */
  get level(): number {
    if (this.#length === 0) return this.#to;
    return this.#from + (this.#to - this.#from) * raisedCosine(this.#at / this.#length);
  }

  /** Whether samples pass unchanged. */
  get isUnity(): boolean {
    return this.#length === 0 && this.#to === 1;
  }

  get isMoving(): boolean {
    return this.#length > 0;
  }

  /** Moves to `level` within `samples`, from whatever level it has now; 0 samples is at once. */
  moveTo(level: number, samples: number): void {
    this.#from = this.level;
    this.#to = level;
    this.#at = 0;
    this.#length = this.#from === level ? 0 : samples;
  }

  /** Takes a level without a way to it: for silence, where there is no sound to click. */
  jumpTo(level: number): void {
    this.#to = level;
    this.#length = 0;
  }

  /** The factor of the next sample. */
  next(): number {
    if (this.#length === 0) return this.#to;
    this.#at += 1;
    const { level } = this;
    if (this.#at >= this.#length) this.#length = 0;
    return level;
  }
}

/** From 0 to 1, level at both ends. */
function raisedCosine(progress: number): number {
  return 0.5 - 0.5 * Math.cos(Math.PI * progress);
}
