import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { SPEAK_RATE_HZ, type AudioChunk } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError, systemCode } from "../../shared/errors.ts";
import type { PlayerSink } from "./audio-queue.ts";

const HEADER_BYTES = 44;

/**
 * A player that needs no loudspeaker: it keeps the schedule of one (each chunk starts when the one before is over, or
 * late, which counts as an underrun) and acknowledges everything at once, so that a reply takes no longer than its
 * computation. `onPlayed` is called with the samples of the turn so far.
 */
export class ScheduleSink implements PlayerSink {
  onPlayed: (turnId: string, samples: number, underruns: number) => void = () => {};
  readonly #clock: Clock;
  #turnId = "";
  #samples = 0;
  #underruns = 0;
  #playsUntilMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(chunk: AudioChunk): void {
    if (chunk.turnId !== this.#turnId) {
      this.#turnId = chunk.turnId;
      this.#samples = 0;
      this.#underruns = 0;
      this.#playsUntilMs = undefined;
    }
    const nowMs = this.#clock.nowMs();
    if (this.#playsUntilMs !== undefined && nowMs > this.#playsUntilMs) this.#underruns++;
    this.#playsUntilMs =
      Math.max(nowMs, this.#playsUntilMs ?? nowMs) + (chunk.pcm.length / chunk.sampleRateHz) * 1000;
    this.#samples += chunk.pcm.length;
    this.onPlayed(chunk.turnId, this.#samples, this.#underruns);
  }

  end(): void {}

  stop(): void {}
}

/**
 * A ScheduleSink that also writes what it plays, as 16-bit mono. The file grows beside its target and takes its name
 * when it is closed, so a target is always a whole recording: the old one, or what was spoken until then.
 */
export class WavSink extends ScheduleSink implements Disposable {
  readonly #path: string;
  readonly #partPath: string;
  #file: number | undefined;
  #bytes = 0;
  #failure: AppError | undefined;

  /** Throws `file-unwritable` at once, not after the reply was computed. */
  constructor(path: string, clock: Clock) {
    super(clock);
    this.#path = path;
    this.#partPath = `${path}.part`;
    this.#file = this.#try(() => openSync(this.#partPath, "w"));
    this.#write(new Uint8Array(HEADER_BYTES), 0);
  }

  override send(chunk: AudioChunk): void {
    if (this.#file === undefined) return;
    const pcm = Int16Array.from(chunk.pcm, (sample) =>
      Math.round(Math.max(-1, Math.min(1, sample)) * 32_767),
    );
    try {
      this.#write(new Uint8Array(pcm.buffer), HEADER_BYTES + this.#bytes);
    } catch (error) {
      this.#failure = AppError.from(error);
      throw error;
    }
    this.#bytes += pcm.byteLength;
    super.send(chunk);
  }

  /** What kept speech from being written: a queue goes on without its player, whoever wants the file asks here. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  get seconds(): number {
    return this.#bytes / 2 / SPEAK_RATE_HZ;
  }

  /** Completes the file and puts it in place. Without a single sample nothing is left behind. Throws `file-unwritable`. */
  [Symbol.dispose](): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#write(wavHeader(this.#bytes), 0);
    this.#file = undefined;
    this.#try(() => {
      fsyncSync(file);
      closeSync(file);
      if (this.#bytes > 0) renameSync(this.#partPath, this.#path);
      else rmSync(this.#partPath);
    });
  }

  #write(bytes: Uint8Array, at: number): void {
    this.#try(() => {
      // One call may take less than it was given, a full disk's last blocks for instance.
      for (let written = 0; written < bytes.length;) {
        written += writeSync(this.#file!, bytes, written, bytes.length - written, at + written);
      }
    });
  }

  #try<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOSPC") {
        throw new AppError("disk-full", `The disk is full: ${this.#path} could not be written.`, {
          cause: error,
        });
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError("file-unwritable", `${this.#path} cannot be written: ${reason}`, { cause: error });
    }
  }
}

/** The 44 bytes before 24 kHz 16-bit mono PCM. */
function wavHeader(dataBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string): void => bytes.set(new TextEncoder().encode(value), at);
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SPEAK_RATE_HZ, true);
  view.setUint32(28, SPEAK_RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  return bytes;
}
