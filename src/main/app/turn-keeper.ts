import type { AppService } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import type { TurnEvent } from "../../shared/contract.ts";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Conversation } from "../assistant/conversation.ts";
import type { Turn, TurnOutcome } from "../assistant/turn.ts";
import type { History } from "../storage/history.ts";
import type { LatencyRecorder, Surroundings } from "./latency-recorder.ts";
import type { Transcriber } from "./transcriber.ts";
import type { AppWindow, Windows } from "./windows.ts";

export interface TurnKeeperOptions extends TurnSurroundings {
  /** Whether this conversation is the one that is talked in. */
  readonly isOpen: (conversationId: string) => boolean;
}

/** What the turns of all conversations share. */
export interface TurnSurroundings {
  readonly windows: Pick<Windows, "emit" | "emitTo">;
  readonly latency: LatencyRecorder;
  readonly transcriber: Transcriber;
  readonly clock: Clock;
  readonly settings: () => Settings;
  /** Where conversations are kept now. */
  readonly history: () => History;
  /** What a turn that ends now ran on. */
  readonly surroundings: () => Surroundings;
  /** A turn got its answer: the models are warm. */
  readonly onAnswered: () => void;
  /** A failure that no caller waits for. */
  readonly onFailure: (error: AppError) => void;
}

/** What is known of a question before it is answered. */
export interface Question {
  readonly userText: string | null;
  readonly userAudioMs: number | null;
  /** Epoch ms of its last voice, as far as that is known. */
  readonly voicedUntilMs?: number | null;
  /** The turn whose place this one takes. */
  readonly replaces?: string;
}

type Opened = AppService["events"]["turn.opened"];

/**
 * What happens around a turn: windows hear of it, the history keeps it, the dashboard measures it, and the user's words
 * are written down when the model is idle.
 */
export class TurnKeeper {
  readonly #options: TurnKeeperOptions;
  #current: { readonly turn: Turn; readonly opened: Opened } | undefined;

  constructor(options: TurnKeeperOptions) {
    this.#options = options;
  }

  /** Follows a turn to its end; resolves, without ever rejecting, when it is stored. */
  async follow(conversation: Conversation, turn: Turn, question: Question): Promise<void> {
    const { windows, latency, history, transcriber, surroundings } = this.#options;
    const createdAtMs = this.#options.clock.nowMs();
    // Kept where it began, even if the person turns the history off meanwhile.
    const keptIn = history();
    const { id: turnId, conversationId, input } = turn;
    const { voicedUntilMs = null, ...shown } = question;
    const opened: Opened = { turnId, conversationId, input, ...shown };
    const ranOn = surroundings();
    this.#current = { turn, opened };
    transcriber.pause();
    latency.opened({
      turnId,
      conversationId,
      input,
      releasedAtMs: turn.trace.releasedAtMs,
      userAudioMs: question.userAudioMs,
      voicedUntilMs,
    });
    windows.emit("turn.opened", opened);
    const leave = turn.onEvent((event) => {
      // The end is told once it is stored: who hears of it may ask for the history at once.
      if (event.type !== "turn-finished") windows.emit("turn", event);
    });
    const outcome = await turn.finished;
    leave();
    if (outcome.metrics.firstTokenMs !== null) this.#options.onAnswered();
    await this.#store(keptIn, conversation, turn, question, createdAtMs, outcome);
    const finished = finishedEvent(turnId, outcome);
    windows.emit("turn", finished);
    windows.emit("conversations.changed", {});
    latency.finished(finished, { ...ranOn, ...surroundings(), isCold: ranOn.isCold });
  }

  /** Tells a window that came in the middle of a turn what it missed. */
  tellMissed(window: AppWindow): void {
    const { windows } = this.#options;
    if (!this.#current || this.#current.turn.isOver) return;
    const { turn, opened } = this.#current;
    windows.emitTo(window, "turn.opened", opened);
    const leave = turn.onEvent((event) => windows.emitTo(window, "turn", event));
    leave();
  }

  async #store(
    history: History,
    conversation: Conversation,
    turn: Turn,
    question: Question,
    createdAtMs: number,
    outcome: TurnOutcome,
  ): Promise<void> {
    const { settings, windows, transcriber, onFailure, surroundings, isOpen } = this.#options;
    try {
      const userAudio = (await conversation.recording(turn.id)) ?? null;
      const record = history.addTurn({
        id: turn.id,
        conversationId: turn.conversationId,
        createdAtMs,
        input: turn.input,
        userText: question.userText,
        userAudioMs: userAudio ? (userAudio.length / LISTEN_RATE_HZ) * 1000 : question.userAudioMs,
        userAudio,
        reply: outcome.reply,
        tokenIds: outcome.tokenIds,
        model: surroundings().model,
        outcome: outcome.outcome,
        errorMessage: outcome.error?.message ?? null,
        voice: turn.spoken[0]?.chunk.voice ?? null,
        replaces: question.replaces,
      });
      const { conversationId } = turn;
      // The first words are also the title; a regenerated turn took others with it.
      const showAgain = (): void => {
        if (!isOpen(conversationId)) return;
        windows.emit("conversation.opened", history.open(conversationId));
      };
      if (record.index === 0 || question.replaces !== undefined) showAgain();
      if (!userAudio || record.userText !== null || !settings().assistant.transcribeUser) return;
      transcriber.add({
        turnId: turn.id,
        conversationId: conversation.id,
        transcribe: (signal) => conversation.transcribe(turn.id, { signal }),
        keep: (text) => {
          const isKept = history.setUserText(turn.id, text);
          if (isKept && record.index === 0) showAgain();
          return isKept;
        },
      });
    } catch (error) {
      onFailure(AppError.from(error, "storage"));
    }
  }
}

function finishedEvent(turnId: string, ended: TurnOutcome): Extract<TurnEvent, { type: "turn-finished" }> {
  const { outcome, reply, error, metrics, queue } = ended;
  return {
    type: "turn-finished",
    turnId,
    outcome,
    reply,
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
    metrics,
    queue,
  };
}
