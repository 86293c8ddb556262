import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Engine } from "../models/engine.ts";
import type { History } from "../storage/history.ts";
import type { Microphone } from "./microphone.ts";
import type { SampleQuestion } from "./sample-questions.ts";
import type { Talk } from "./talk.ts";
import type { AppHandlers } from "./validated-service.ts";

/** The calls by which a person talks and listens. */
export type TalkCalls = Pick<
  AppHandlers["calls"],
  | "listen.begin"
  | "listen.end"
  | "listen.cancel"
  | "ask.text"
  | "ask.sample"
  | "turn.interrupt"
  | "turn.replay"
  | "turn.regenerate"
  | "voice.preview"
  | "mic.mute"
>;

export interface TalkHost {
  readonly talk: Talk;
  readonly microphone: Pick<Microphone, "mute">;
  readonly engine: () => Engine;
  readonly history: () => History;
  readonly settings: () => Settings;
  readonly samples: readonly SampleQuestion[];
}

const maxSampleMs = 60_000;
const previewText = "Hello! This is how I sound when I answer you.";

export function talkCalls({ talk, microphone, engine, history, settings, samples }: TalkHost): TalkCalls {
  return {
    "listen.begin": ({ pressedAtMs }) => talk.listen(pressedAtMs),
    "listen.end": async ({ utteranceId, releasedAtMs }) => ({
      turnId: await talk.hearing.end(utteranceId, releasedAtMs),
    }),
    "listen.cancel": ({ utteranceId }) => {
      talk.hearing.cancel(utteranceId);
      return {};
    },
    "ask.text": ({ text }) => ({ turnId: talk.ask(text) }),
    "ask.sample": async ({ sampleId }) => {
      const sample = samples.find(({ id }) => id === sampleId);
      if (!sample) throw new AppError("bad-input", "There is no such sample question.");
      const source = { path: sample.file };
      const decoded = await engine().listener.call("decode", { source, maxDurationMs: maxSampleMs });
      return { turnId: talk.askRecorded(decoded.samples) };
    },
    "turn.interrupt": ({ turnId }) => {
      talk.interrupt(turnId);
      return {};
    },
    "turn.replay": ({ turnId }) => {
      const { turn } = history().turn(turnId);
      if (turn.reply === "")
        throw new AppError("bad-input", "There is nothing to say again: this turn has no reply.");
      const { voice } = settings();
      return { turnId: talk.recite(turn.reply, turn.voice ?? voice.id, voice.speed) };
    },
    "turn.regenerate": ({ turnId }) => ({ turnId: talk.regenerate(turnId) }),
    "mic.mute": ({ muted }) => {
      microphone.mute(muted);
      return {};
    },
    "voice.preview": ({ voice, speed }) => ({ turnId: talk.recite(previewText, voice, speed) }),
  };
}
