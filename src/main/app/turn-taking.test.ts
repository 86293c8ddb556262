import { describe, expect, test } from "vitest";
import type { Phase } from "../../shared/app-contract.ts";
import { defaultSettings, type Settings } from "../../shared/settings.ts";
import { TurnTaking } from "./turn-taking.ts";
import type { TurnTakingAction, TurnTakingConfig } from "./turn-taking-events.ts";
import { duplexOf, listeningOptions, turnTakingConfig } from "./turn-taking-settings.ts";

const config: TurnTakingConfig = {
  isHandsFree: true,
  canBargeIn: true,
  bargeInMs: 600,
  duplex: "full",
  preRollMs: 300,
  voiceProbability: 0.35,
  minSpeechMs: 96,
  microPauseMs: 120,
};
const originMs = 10_000;
/** The sample that is heard at this time: the microphone begins with the script. */
const sampleAt = (ms: number): number => (ms - originMs) * 16;
const levelMs = 32;

/** A listener and a clock that hear a script: `v400` is 400 ms of voice, `_300` of silence. */
class Script {
  readonly turns: TurnTaking;
  readonly actions: { atMs: number; action: TurnTakingAction }[] = [];
  readonly #endPauseMs = 500;
  readonly #hasProbability: boolean;
  #atMs = originMs;
  #voicedMs = 0;
  #silentMs = originMs;
  #isSpeech = false;
  #hasPaused = false;

  constructor(changes: Partial<TurnTakingConfig> = {}, hasProbability = true) {
    this.#hasProbability = hasProbability;
    this.turns = new TurnTaking({ ...config, ...changes });
  }

  /** Runs the script; voice and silence go by in the blocks of 32 ms in which the listener reports. */
  run(script: string, phase?: Phase): this {
    if (phase) this.phase(phase);
    for (const part of script.split(" ")) {
      const blocks = Math.round(Number(part.slice(1)) / levelMs);
      for (let i = 0; i < blocks; i++) this.#block(part.startsWith("v"));
    }
    return this;
  }

  phase(phase: Phase): this {
    this.#take(this.turns.handle({ type: "phase", phase }, this.#atMs));
    return this;
  }

  input(input: Parameters<TurnTaking["handle"]>[0]): this {
    this.#take(this.turns.handle(input, this.#atMs));
    return this;
  }

  /** Time passes without any sound arriving, up to the next deadline at most `ms` away. */
  stall(ms: number): this {
    const untilMs = this.#atMs + ms;
    for (;;) {
      const dueMs = this.turns.deadlineMs;
      if (dueMs === null || dueMs > untilMs) break;
      this.#atMs = dueMs;
      this.input({ type: "tick" });
    }
    this.#atMs = untilMs;
    return this;
  }

  /** What it did, without the times: enough for most questions. */
  get did(): string {
    const done = this.actions.map(({ action }) => action).filter(({ type }) => type !== "read");
    return done.map((action) => (action.type === "gain" ? `gain ${action.gain}` : action.type)).join(" ");
  }

  /** Microphone audio from the first voice of the last speech to the first action of this kind. */
  msUntil(type: TurnTakingAction["type"], sinceMs: number): number {
    return this.actions.find(({ action }) => action.type === type)!.atMs - sinceMs;
  }

  get nowMs(): number {
    return this.#atMs;
  }

  #block(isVoice: boolean): void {
    this.#atMs += levelMs;
    if (isVoice) this.#onVoice();
    else this.#onSilence();
    const known = this.#hasProbability ? isVoice : null;
    this.#take(this.turns.handle({ type: "heard", ms: levelMs, isVoice: known }, this.#atMs));
  }

  #onVoice(): void {
    if (!this.#isSpeech && this.#silentMs > 0) this.#voicedMs = 0;
    this.#voicedMs += levelMs;
    if (!this.#isSpeech && this.#voicedMs >= config.minSpeechMs) {
      this.#isSpeech = true;
      const startedAtMs = this.#atMs - this.#voicedMs;
      this.#tell({ type: "started", startSample: sampleAt(startedAtMs), startedAtMs });
    }
    if (this.#hasPaused) this.#tell({ type: "resumed", utteranceId: null, pauseMs: this.#silentMs });
    this.#hasPaused = false;
    this.#silentMs = 0;
  }

  #onSilence(): void {
    this.#silentMs += levelMs;
    if (!this.#isSpeech) return;
    const endedAtMs = this.#atMs - this.#silentMs;
    const end = { utteranceId: null, endSample: sampleAt(endedAtMs), endedAtMs };
    if (!this.#hasPaused && this.#silentMs >= config.microPauseMs) {
      this.#hasPaused = true;
      this.#tell({ type: "paused", ...end, samples: 0, endPauseMs: this.#endPauseMs });
    }
    if (this.#silentMs < this.#endPauseMs) return;
    this.#isSpeech = this.#hasPaused = false;
    this.#tell({ type: "ended", ...end, pauseMs: this.#silentMs, voicedMs: this.#voicedMs });
  }

  #tell(activity: Extract<Parameters<TurnTaking["handle"]>[0], { type: "voice" }>["activity"]): void {
    this.#take(this.turns.handle({ type: "voice", activity }, this.#atMs));
  }

  #take(actions: readonly TurnTakingAction[]): void {
    for (const action of actions) {
      this.actions.push({ atMs: this.#atMs, action });
      // What the app does at once: the phase follows.
      // The first question makes a conversation, which begins at rest.
      if (action.type === "open") this.phase("idle").phase("listening");
      if (action.type === "release") this.phase("thinking");
      if (action.type === "cancel") this.phase("idle");
    }
  }
}

describe("R13 a question by voice", () => {
  test("opens before its first voice, counts its pauses down and ends with the last", () => {
    const script = new Script().run("_320");
    const saidAtMs = script.nowMs;
    script.run("v640 _192 v320 _640");
    expect(script.did).toBe("open endpoint endpoint endpoint endpoint release");
    expect(script.actions[0]!.action).toEqual({
      type: "open",
      fromSample: sampleAt(saidAtMs - config.preRollMs),
      startedAtMs: saidAtMs,
    });
    const endpoints = script.actions.flatMap(({ action }) =>
      action.type === "endpoint" ? [action.endpoint] : [],
    );
    expect(endpoints).toEqual([
      { pausedAtMs: saidAtMs + 640, endPauseMs: 500 },
      null,
      { pausedAtMs: saidAtMs + 1152, endPauseMs: 500 },
      null,
    ]);
    const release = script.actions.at(-1)!;
    expect(release.action).toEqual({
      type: "release",
      voicedUntilMs: saidAtMs + 1152,
      releasedAtMs: release.atMs,
    });
    expect(release.atMs).toBe(saidAtMs + 1152 + 512);
  });

  test.each([
    ["nothing but a click", "v64 _640", ""],
    ["a cough is no question", "v96 _640", "open endpoint endpoint cancel"],
    ["two questions", "v640 _640", "open endpoint endpoint release"],
  ])("%s", (_, heard, did) => {
    expect(new Script().run(heard).did).toBe(did);
  });

  test("in push-to-talk, and while a key listens, voice does nothing", () => {
    expect(new Script({ isHandsFree: false }).run("v640 _640").did).toBe("");
    expect(new Script({ isHandsFree: false }).run("v640 _640", "speaking").did).toBe("");
    expect(new Script().phase("listening").run("v640 _640").did).toBe("");
  });

  test("the key takes over what voice has begun: its pauses end it no more", () => {
    const script = new Script().run("v640").input({ type: "key" }).run("_640 v320 _640");
    expect(script.did).toBe("open");
    expect(script.phase("thinking").phase("speaking").phase("idle").run("v320 _640").did).toMatch(/release$/);
  });

  test("what was said before the key went up belongs to its question, even when it is reported after", () => {
    const script = new Script().phase("listening").run("v64").phase("thinking").run("v640 _640");
    expect(script.did).toBe("");
    expect(script.run("v960 _640").did).toMatch(/^gain 0 interrupt open .*release$/);
  });

  test("cancelled by hand, the rest of what is being said asks nothing; the next speech does", () => {
    const script = new Script().run("v320").phase("idle").run("v320 _640");
    expect(script.did).toBe("open");
    expect(script.run("v640 _640").did).toBe("open open endpoint endpoint release");
  });

  test("a microphone that stops sending ends the question instead of listening for ever", () => {
    const script = new Script().run("v640 _192").stall(60_000);
    expect(script.did).toBe("open endpoint endpoint release");
    expect(script.turns.deadlineMs).toBeNull();
  });

  test("two minutes are enough for one question", () => {
    const script = new Script().run("v130000");
    // The deadline is the clock's, not the audio's.
    expect(script.turns.deadlineMs! - script.actions[0]!.atMs).toBe(120_000);
    expect(script.input({ type: "tick" }).did).toBe("open release");
  });

  test("muted or restarted, what was begun is given up", () => {
    const script = new Script().run("v640").input({ type: "deaf" });
    expect(script.did).toBe("open cancel");
    expect(script.run("_640 v640 _640").did).toMatch(/^open cancel open .*release$/);
  });

  test("the mode left in the middle of a question gives it up", () => {
    const script = new Script().run("v640");
    expect(script.turns.configure({ ...config, isHandsFree: false }).map(({ type }) => type)).toEqual([
      "cancel",
    ]);
  });
});

describe("R13 R46 voice over the answer", () => {
  test.each<[string, Partial<TurnTakingConfig>, string, string]>([
    [
      "speech interrupts and becomes the question",
      {},
      "v960 _640",
      "gain 0 interrupt open endpoint endpoint release",
    ],
    ["a mm-hm does not, and the answer goes on", {}, "v320 _640", "gain 0 gain 1"],
    ["two of them neither", {}, "v320 _640 v256 _640", "gain 0 gain 1 gain 0 gain 1"],
    ["a click holds nothing", {}, "v64 _640", ""],
    [
      "a pause in it gives the answer its voice back meanwhile",
      {},
      "v320 _400 v640 _640",
      "gain 0 gain 1 gain 0 interrupt open endpoint endpoint release",
    ],
    ["a short pause does not", {}, "v320 _160 v640 _640", "gain 0 interrupt open endpoint endpoint release"],
    ["just long enough when it ends", {}, "v608 _640", "gain 0 interrupt open endpoint endpoint release"],
    [
      "ducked: quieter first, then held, then interrupted",
      { duplex: "duck" },
      "v960 _640",
      "gain 0.25 gain 0 interrupt open endpoint endpoint release",
    ],
    ["ducked: its own echo falls silent with it", { duplex: "duck" }, "v160 _640", "gain 0.25 gain 1"],
    ["half duplex hears nothing", { duplex: "half" }, "v960 _640", ""],
    ["turned off, it speaks on", { canBargeIn: false }, "v960 _640", ""],
  ])("%s", (_, changes, heard, did) => {
    expect(new Script(changes).run(heard, "speaking").did).toBe(did);
  });

  test.each([
    ["speech", "v960 _640", "gain 0 interrupt open endpoint endpoint release"],
    ["a mm-hm", "v320 _640", "gain 0 gain 1"],
    ["less than an interruption, with the pause that is not yet known", "v544 _640", "gain 0 gain 1"],
  ])("where only loudness tells voice, %s is told apart as well", (_, heard, did) => {
    expect(new Script({}, false).run(heard, "speaking").did).toBe(did);
  });

  test("the words of an interruption are kept from their very start", () => {
    const script = new Script().run("_320", "speaking");
    const saidAtMs = script.nowMs;
    script.run("v960");
    const actions = script.actions.map(({ action }) => action);
    expect(actions.slice(1)).toEqual([
      { type: "interrupt", startedAtMs: saidAtMs },
      { type: "open", fromSample: sampleAt(saidAtMs - 300), startedAtMs: saidAtMs },
    ]);
    // The player is told within four blocks of the first voice: most of the 250 ms are left for its way there.
    expect(script.msUntil("gain", saidAtMs)).toBeLessThanOrEqual(128);
  });

  test("ducked, a person is silence within 250 ms too", () => {
    const script = new Script({ duplex: "duck" }).run("_320", "speaking");
    const saidAtMs = script.nowMs;
    script.run("v640");
    const held = script.actions.find(({ action }) => action.type === "gain" && action.gain === 0)!;
    expect(held.atMs - saidAtMs).toBeLessThan(250);
  });

  test("audio that arrives in a rush decides nothing sooner", () => {
    const script = new Script().run("v192", "speaking").stall(700);
    expect(script.did).toBe("gain 0");
    expect(script.run("v64 _640").did).toBe("gain 0 gain 1");
  });

  test("held for three seconds at most: without sound it goes on, with a voice that stays it is interrupted", () => {
    expect(new Script().run("v192", "speaking").stall(10_000).did).toBe("gain 0 gain 1");
    const murmur = new Script().run("v192", "speaking").stall(2_900).run("v32");
    expect(murmur.did).toBe("gain 0");
    expect(murmur.stall(200).did).toBe("gain 0 interrupt open");
  });

  test("the answer ends by itself meanwhile: a question stays one, a mm-hm is none", () => {
    expect(new Script({ duplex: "duck" }).run("v160", "speaking").run("v640 _640", "idle").did).toBe(
      "gain 0.25 open endpoint endpoint release",
    );
    expect(new Script({ duplex: "duck" }).run("v160", "speaking").run("_640", "idle").did).toBe(
      "gain 0.25 open endpoint endpoint cancel",
    );
  });

  test("half duplex: voice that goes on after the answer is a person, an echo's tail is not", () => {
    const person = new Script({ duplex: "half" }).run("v640", "speaking").run("v960 _640", "idle");
    expect(person.did).toBe("open endpoint endpoint release");
    expect(new Script({ duplex: "half" }).run("v640", "speaking").run("v320 _640", "idle").did).toBe("");
    // The answer ends in a pause: nothing outlasts it, unless voice comes back.
    expect(new Script({ duplex: "half" }).run("v640 _192", "speaking").run("_640", "idle").did).toBe("");
    const back = new Script({ duplex: "half" }).run("v640 _192", "speaking").run("v960 _640", "idle");
    expect(back.did).toBe("open endpoint endpoint release");
  });

  test("a stop word is enough; what follows it is a question that began with it", () => {
    const stopped = new Script().run("v256 _192", "speaking").input({ type: "words", meaning: "stop" });
    expect(stopped.did).toBe("gain 0 interrupt");
    expect(stopped.phase("idle").run("_640").did).toBe("gain 0 interrupt");
    const more = new Script().run("v256 _192", "speaking").input({ type: "words", meaning: "stop" });
    expect(more.phase("idle").run("v640 _640").did).toBe("gain 0 interrupt open endpoint endpoint release");
  });

  test("words over the answer are asked for in their pause, from their start", () => {
    const script = new Script().run("_320", "speaking");
    const fromSample = sampleAt(script.nowMs - config.preRollMs);
    script.run("v256 _640");
    expect(script.actions.map(({ action }) => action)).toContainEqual({ type: "read", fromSample });
    expect(new Script().run("v640 _640").actions.some(({ action }) => action.type === "read")).toBe(false);
  });

  test("a stop word that is read late still stops the answer, and no other", () => {
    const late = new Script().run("v256 _640", "speaking");
    expect(late.input({ type: "words", meaning: "stop" }).did).toBe("gain 0 gain 1 interrupt");
    const other = new Script().run("v256 _640", "speaking").phase("thinking").phase("speaking");
    expect(other.input({ type: "words", meaning: "stop" }).did).toBe("gain 0 gain 1");
  });

  test("a backchannel in so many words gives the answer its voice back; words of a pause that is over do not", () => {
    const yes = new Script().run("v448 _160", "speaking").input({ type: "words", meaning: "backchannel" });
    expect(yes.did).toBe("gain 0 gain 1");
    const late = new Script().run("v448 _160 v64", "speaking").input({ type: "words", meaning: "stop" });
    expect(late.did).toBe("gain 0");
  });

  test("by key, what voice contested is the key's", () => {
    const script = new Script().run("v192", "speaking").input({ type: "key" }).phase("listening");
    expect(script.run("v640 _640").did).toBe("gain 0");
  });

  test("while it thinks, speech that goes on interrupts as well", () => {
    expect(new Script().run("v960 _640", "thinking").did).toBe(
      "gain 0 interrupt open endpoint endpoint release",
    );
  });
});

test("R13 the settings' ranges reach the listener in order, and auto follows the echo test", () => {
  const settings = defaultSettings();
  const withTurnTaking = (changes: Partial<Settings["turnTaking"]>): Settings => ({
    ...settings,
    turnTaking: { ...settings.turnTaking, ...changes },
  });
  expect(listeningOptions(withTurnTaking({ minEndPauseMs: 900, maxEndPauseMs: 700 }))).toMatchObject({
    minEndPauseMs: 900,
    maxEndPauseMs: 900,
  });
  expect(duplexOf(settings)).toBe("full");
  expect(duplexOf({ ...settings, audio: { ...settings.audio, echoCancellation: false } })).toBe("duck");
  const echo = { bleedDb: -3, duplex: "half", measuredAtMs: 0, inputLabel: "", outputLabel: "" } as const;
  expect(duplexOf(withTurnTaking({ echo }))).toBe("half");
  expect(duplexOf(withTurnTaking({ echo, duplex: "full" }))).toBe("full");
  expect(turnTakingConfig(withTurnTaking({ mode: "hands-free" }))).toEqual(config);
});
