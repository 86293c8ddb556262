import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { App } from "../../src/main/app/app.ts";
import { openStorage } from "../../src/main/storage/storage.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { SettingsPatch } from "../../src/shared/settings.ts";
import { PageMicrophone, sampleQuestion, voicedPiece } from "../support/app-microphone.ts";
import { Page, startApp } from "../support/app-page.ts";

/**
 * Scripted conversations through the real app, listener and models. The microphone's audio goes by faster than real time:
 * what is decided by its length is decided by its samples.
 */
let app: App;
let folder: string;
let page: Page;
let mic: PageMicrophone;

const france = sampleQuestion("capital-of-france");
const story = sampleQuestion("tell-me-a-story");
const joke = sampleQuestion("tell-me-a-joke");
const answers = {
  france: "The capital of France is Paris.",
  joke: "Why did the robot go on holiday? It needed to recharge its batteries. Its friends all said that it came back full of energy.",
};
/** A vowel and what follows it: its first sound alone is voice only to some alignments of the detector's frames. */
const murmur = voicedPiece(france, 280, 128);
/** Longer than any pause that ends a question, with these settings. */
const quietMs = 1_500;
const samplesPerMs = 16;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-hands-free-"));
  ({ app } = startApp(folder));
  const { page: first } = await Page.open(app);
  await first.until("engine", ({ listener, voxtral, kokoro }) =>
    [listener, voxtral, kokoro].every(({ state }) => state === "ready"),
  );
  first.port[Symbol.dispose]();
});
afterAll(async () => {
  await app.dispose();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  ({ page } = await Page.open(app));
  onTestFinished(() => page.port[Symbol.dispose]());
  await change({ turnTaking: { mode: "hands-free", adaptive: false, duplex: "full", bargeIn: true } });
  await page.client.call("conversations.create", {});
  mic = new PageMicrophone(page);
  await mic.hush(quietMs);
});

async function change(patch: SettingsPatch): Promise<void> {
  await page.client.call("settings.update", { patch });
}

/** Asks by voice alone; resolves with the new turn. */
async function ask(samples: Float32Array): Promise<string> {
  const before = page.all("turn.opened").length;
  await mic.say(samples);
  await mic.hush(quietMs);
  return (await page.count("turn.opened", before + 1)).turnId;
}

/** Asks for the story, and plays half of its first chunk and no more of it: something to talk over. */
async function halfHeard(samples = story): Promise<string> {
  page.isPaused = true;
  const turnId = await ask(samples);
  page.paused.add(turnId);
  page.isPaused = false;
  const { pcm } = await page.until("audio", (audio) => audio.turnId === turnId);
  page.play(turnId, pcm.length >> 1);
  await page.until("state", (state) => state.phase === "speaking" && state.turnId === turnId);
  return turnId;
}

/** What was kept of the question, 16 kHz. */
function recordingOf(turnId: string): Float32Array {
  const storage = openStorage({ folder, clock: systemClock, onNotice: () => {} });
  onTestFinished(() => storage[Symbol.asyncDispose]());
  return storage.history.userAudio(turnId)!;
}

/** Where `piece` lies in `samples`, to within what storing it as 16 bit costs; -1 for nowhere. */
function offsetOf(samples: Float32Array, piece: Float32Array): number {
  return samples.findIndex((_, at) => piece.every((sample, i) => Math.abs(samples[at + i]! - sample) < 1e-4));
}

const gains = (turnId: string): number[] =>
  page.all("player.gain").flatMap((event) => (event.turnId === turnId ? [event.gain] : []));

describe("R13 hands-free", () => {
  test("a question, its answer, and the next question, with no key", async () => {
    const first = await ask(france);
    expect(await page.finished(first)).toMatchObject({ outcome: "completed", reply: answers.france });
    await page.until("state", ({ phase, turnId }) => phase === "idle" && turnId === null);
    const second = await ask(joke);
    expect(await page.finished(second)).toMatchObject({ outcome: "completed", reply: answers.joke });
    const phases = page.all("state").map(({ phase }) => phase);
    expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual(
      expect.arrayContaining(["idle", "listening", "thinking", "speaking"]),
    );
    const endpoints = page.all("endpoint");
    expect(endpoints.at(-1)).toBeNull();
    expect(endpoints.find((endpoint) => endpoint !== null)?.endPauseMs).toBe(500);
    expect((await page.record(first)).endToSoundMs).toBeGreaterThan(500);
  });

  test("the very first question makes its conversation", async () => {
    const { conversation } = await page.client.call("hello", {});
    await page.client.call("conversations.delete", { id: conversation!.summary.id });
    expect((await page.finished(await ask(france))).reply).toBe(answers.france);
  });

  test("R12 the question has its first voiced sample, with the pre-roll before it", async () => {
    await mic.hush(800);
    const turnId = await ask(france);
    await page.finished(turnId);
    const recording = recordingOf(turnId);
    const at = offsetOf(recording, voicedPiece(france, 20));
    // Near its beginning: the pre-roll and the faint start of the first sound, and nothing of the silence before.
    expect(at).toBeGreaterThanOrEqual(200 * samplesPerMs);
    expect(at).toBeLessThan(600 * samplesPerMs);
    // The last silence is left out, whatever pause it took to end the question.
    expect(recording.length).toBeLessThan(at + france.length + 200 * samplesPerMs);
  });

  test("noise and a click ask nothing", async () => {
    await mic.say(mic.noise(2_000, 0.03));
    await mic.say(mic.noise(30, 0.9));
    await mic.hush(quietMs);
    expect(page.all("turn.opened")).toEqual([]);
    expect(page.all("state").at(-1)?.phase ?? "idle").toBe("idle");
  });

  test("the key works as ever: it takes over what voice has begun, and its pauses end nothing", async () => {
    await mic.say(france.slice(0, france.length >> 1));
    const { utteranceId } = await page.until("state", ({ phase }) => phase === "listening");
    const begun = await page.client.call("listen.begin", {
      source: "space",
      pressedAtMs: systemClock.nowMs(),
    });
    expect(begun.utteranceId).toBe(utteranceId);
    await mic.say(france.slice(france.length >> 1));
    await mic.hush(quietMs);
    expect(page.all("turn.opened")).toEqual([]);
    const { turnId } = await page.client.call("listen.end", {
      utteranceId: begun.utteranceId,
      releasedAtMs: systemClock.nowMs(),
    });
    expect((await page.finished(turnId)).reply).toBe(answers.france);
  });
});

describe("R13 R46 barge-in", () => {
  test("voice over the answer stops it and asks, with its words from their start; the history keeps what was heard", async () => {
    const turnId = await halfHeard();
    const first = page.all("audio").find((audio) => audio.turnId === turnId)!;
    const next = await ask(france);
    const interrupted = await page.finished(turnId);
    expect(interrupted.outcome).toBe("interrupted");
    expect(first.textSource.startsWith(interrupted.reply)).toBe(true);
    expect(interrupted.reply.length).toBeLessThan(first.textSource.length);
    expect(gains(turnId)).toEqual([0]);
    expect((await page.finished(next)).reply).toBe(answers.france);
    const at = offsetOf(recordingOf(next), voicedPiece(france, 20));
    expect(at).toBeGreaterThanOrEqual(200 * samplesPerMs);
    expect(at).toBeLessThan(600 * samplesPerMs);
    const { interruptToSilenceMs } = await page.record(turnId);
    expect(interruptToSilenceMs).toBeGreaterThanOrEqual(0);
    const { conversation } = await page.client.call("hello", {});
    expect(conversation?.turns.map(({ reply }) => reply)).toEqual([interrupted.reply, answers.france]);
  });

  test("a mm-hm holds the answer's breath, and it goes on where it stopped", async () => {
    const turnId = await halfHeard();
    await mic.say(murmur);
    await page.until("state", ({ isHeld }) => isHeld);
    await mic.hush(quietMs);
    await page.until("player.gain", ({ gain }) => gain === 1);
    expect(gains(turnId)).toEqual([0, 1]);
    page.paused.delete(turnId);
    page.playAll(turnId);
    const { outcome, reply } = await page.finished(turnId);
    expect(outcome).toBe("completed");
    const tokens = page.all("turn").flatMap((event) => (event.type === "token" ? [event.text] : []));
    expect(reply).toBe(tokens.join("").trim());
    expect(page.all("turn.opened")).toHaveLength(1);
    expect(page.all("player.stop")).toEqual([]);
  });

  test("half duplex: voice over the answer does nothing, the key does", async () => {
    await change({ turnTaking: { duplex: "half" } });
    const turnId = await halfHeard();
    await mic.say(france);
    await mic.hush(quietMs);
    expect(gains(turnId)).toEqual([]);
    await page.client.call("turn.interrupt", {});
    expect((await page.finished(turnId)).outcome).toBe("interrupted");
  });

  test("ducked, the answer goes quieter before it is held", async () => {
    await change({ turnTaking: { duplex: "duck" } });
    const turnId = await halfHeard();
    await page.finished(await ask(france));
    expect(gains(turnId)).toEqual([0.25, 0]);
    expect((await page.finished(turnId)).outcome).toBe("interrupted");
  });

  test("a page reloaded while the answer is held does not speak until it is given back", async () => {
    const turnId = await halfHeard();
    await mic.say(murmur);
    await page.until("state", ({ isHeld }) => isHeld);
    page.port[Symbol.dispose]();
    const { page: after, snapshot } = await Page.open(app);
    onTestFinished(() => after.port[Symbol.dispose]());
    after.isPaused = true;
    expect(snapshot.state).toMatchObject({ isHeld: true, turnId });
    const order = ["audio", "player.gain"] as const;
    await after.until("player.gain", ({ gain }) => gain === 0);
    expect(after.heard.map(({ name }) => name).filter((name) => order.some((one) => one === name))).toEqual([
      "audio",
      "player.gain",
      ...after
        .all("audio")
        .slice(1)
        .map(() => "audio"),
    ]);
    await after.client.call("turn.interrupt", {});
    await after.finished(turnId);
  });
});

describe("R13 mute", () => {
  test("muted, nothing a page sends is heard; opened again, the next question is", async () => {
    await mic.say(france.slice(0, france.length >> 1));
    await page.until("state", ({ phase }) => phase === "listening");
    await page.client.call("mic.mute", { muted: true });
    await page.until("state", ({ phase, isMuted }) => phase === "idle" && isMuted);
    const levels = page.all("level").length;
    mic.send(france);
    mic.send(mic.noise(quietMs, 0.01));
    await page.client.call("clock", {});
    expect(page.all("turn.opened")).toEqual([]);
    // What shutting it has put into the listener may still be reported, but nothing of what was said.
    const reported = page.all("level").slice(levels);
    expect(reported.every(({ rms }) => rms < 0.001)).toBe(true);
    await expect(
      page.client.call("listen.begin", { source: "space", pressedAtMs: systemClock.nowMs() }),
    ).rejects.toMatchObject({ code: "bad-input", message: expect.stringContaining("muted") });
    await page.client.call("mic.mute", { muted: false });
    mic = new PageMicrophone(page);
    await mic.hush(quietMs);
    expect((await page.finished(await ask(france))).reply).toBe(answers.france);
  });

  test("hands-free that hears nothing says so, once", async () => {
    for (const state of ["lost", "lost", "denied"] as const)
      page.client.notify("mic.state", { state, label: "" });
    await page.until("notice", ({ message }) => message.includes("may not use it"));
    expect(page.all("notice").map(({ level }) => level)).toEqual(["warning", "warning"]);
  });
});
