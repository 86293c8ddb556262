import type { AppService, PlayerAudio } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import { SentAudio } from "./sent-audio.ts";
import type { AppWindow, Windows } from "./windows.ts";

export type PlayerReport = AppService["notices"]["player.played"];

export interface PlayerLinkOptions {
  readonly windows: Pick<Windows, "emit" | "emitAudio" | "hasMain">;
  readonly clock: Clock;
  /** The turn's count of samples heard, whatever page plays it; `report` is the page's own word. */
  readonly onPlayed: (turnId: string, playedSamples: number, report: PlayerReport) => void;
  /** The page that played has been gone for too long: nobody hears this turn. */
  readonly onOrphaned: (turnId: string) => void;
}

interface Playing {
  readonly sent: SentAudio;
  /** The window that plays: the first to report. Reports of others are ignored, so that nothing counts twice. */
  player: AppWindow | null;
  /** The window that played and is gone: nothing of it counts any more. */
  formerId: number | null;
  grace: Disposable | null;
}

/** How long speech waits for a reloaded window before its turn is ended as far as it was heard. */
const reloadGraceMs = 8000;

/**
 * The way from the audio queue to the page that plays and back. A window that is reloaded in the middle of a reply goes
 * on where the acknowledgements of its predecessor ended.
 */
export class PlayerLink implements Disposable {
  readonly #options: PlayerLinkOptions;
  readonly #playing = new Map<string, Playing>();
  /** Turns that do not play at full loudness now; one may be held before its first sound. */
  readonly #gains = new Map<string, number>();

  constructor(options: PlayerLinkOptions) {
    this.#options = options;
  }

  send(audio: PlayerAudio): void {
    const isFirst = !this.#playing.has(audio.turnId);
    const playing = this.#open(audio.turnId);
    playing.sent.add(audio);
    this.#options.windows.emitAudio(playing.sent.rebased(audio));
    // A player knows a turn from its first sound on.
    if (isFirst) this.#emitGain(audio.turnId);
  }

  /** Fades a turn's speech to `gain`; at 0 it stays where it is until another gain comes. Harmless when nothing plays. */
  gain(turnId: string, gain: number, fadeMs: number): void {
    if (gain === this.gainOf(turnId)) return;
    if (gain === 1) this.#gains.delete(turnId);
    else this.#gains.set(turnId, gain);
    this.#options.windows.emit("player.gain", { turnId, gain, fadeMs });
  }

  /** 1 unless the turn is held (0) or ducked. */
  gainOf(turnId: string): number {
    return this.#gains.get(turnId) ?? 1;
  }

  /** Nothing of this turn follows; its speech has `samples` in all. */
  end(turnId: string, samples: number): void {
    const playing = this.#playing.get(turnId);
    playing?.sent.end(samples);
    const base = playing?.sent.baseSamples ?? 0;
    this.#options.windows.emit("audio.end", { turnId, samples: Math.max(0, samples - base) });
  }

  stop(turnId: string, fadeMs: number): void {
    this.#options.windows.emit("player.stop", { turnId, fadeMs });
  }

  /** Forgets a turn that is over in every respect. */
  close(turnId: string): void {
    this.#playing.get(turnId)?.grace?.[Symbol.dispose]();
    this.#playing.delete(turnId);
    this.#gains.delete(turnId);
  }

  /** Takes a page's report; false when the turn is over, and what a player still says of it counts for itself. */
  report(window: AppWindow, report: PlayerReport): boolean {
    const playing = this.#playing.get(report.turnId);
    if (!playing) return false;
    if (window.view !== "main" || window.id === playing.formerId) return true;
    playing.player ??= window;
    if (playing.player.id !== window.id) return true;
    this.#settle(playing);
    this.#options.onPlayed(report.turnId, playing.sent.played(report.playedSamples), report);
    return true;
  }

  /** A main window has its snapshot: speech that lost its player goes on there. */
  greeted(window: AppWindow): void {
    if (window.view !== "main") return;
    for (const playing of this.#playing.values()) {
      if (playing.player !== null || !playing.grace) continue;
      const { chunks, endSamples } = playing.sent.resume();
      for (const [index, chunk] of chunks.entries()) {
        this.#options.windows.emitAudio(chunk);
        if (index === 0) this.#emitGain(playing.sent.turnId);
      }
      if (endSamples !== null) {
        this.#options.windows.emit("audio.end", { turnId: playing.sent.turnId, samples: endSamples });
      }
    }
  }

  closed(window: AppWindow): void {
    for (const playing of this.#playing.values()) {
      if (playing.player?.id === window.id || !this.#options.windows.hasMain) this.#orphan(playing);
    }
  }

  [Symbol.dispose](): void {
    for (const turnId of this.#playing.keys()) this.close(turnId);
    this.#gains.clear();
  }

  #open(turnId: string): Playing {
    let playing = this.#playing.get(turnId);
    if (!playing) {
      playing = { sent: new SentAudio(turnId), player: null, formerId: null, grace: null };
      this.#playing.set(turnId, playing);
      // A reply may begin before a window exists, or while it is being reloaded.
      if (!this.#options.windows.hasMain) this.#orphan(playing);
    }
    return playing;
  }

  /** Tells a player that has just met the turn how loud it is. */
  #emitGain(turnId: string): void {
    const gain = this.#gains.get(turnId);
    if (gain !== undefined) this.#options.windows.emit("player.gain", { turnId, gain, fadeMs: 0 });
  }

  #orphan(playing: Playing): void {
    playing.formerId = playing.player?.id ?? playing.formerId;
    playing.player = null;
    playing.grace ??= this.#options.clock.after(reloadGraceMs, () => {
      this.#options.onOrphaned(playing.sent.turnId);
    });
  }

  #settle(playing: Playing): void {
    playing.grace?.[Symbol.dispose]();
    playing.grace = null;
  }
}
