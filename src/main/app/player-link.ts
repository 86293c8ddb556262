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

  constructor(options: PlayerLinkOptions) {
    this.#options = options;
  }

  send(audio: PlayerAudio): void {
    const playing = this.#open(audio.turnId);
    playing.sent.add(audio);
    this.#options.windows.emitAudio(playing.sent.rebased(audio));
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
  }

  report(window: AppWindow, report: PlayerReport): void {
    const playing = this.#playing.get(report.turnId);
    if (!playing || window.view !== "main" || window.id === playing.formerId) return;
    playing.player ??= window;
    if (playing.player.id !== window.id) return;
    this.#settle(playing);
    this.#options.onPlayed(report.turnId, playing.sent.played(report.playedSamples), report);
  }

  /** A main window has its snapshot: speech that lost its player goes on there. */
  greeted(window: AppWindow): void {
    if (window.view !== "main") return;
    for (const playing of this.#playing.values()) {
      if (playing.player !== null || !playing.grace) continue;
      const { chunks, endSamples } = playing.sent.resume();
      for (const chunk of chunks) this.#options.windows.emitAudio(chunk);
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
