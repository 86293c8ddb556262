import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { App } from "../../src/main/app/app.ts";
import {
  appEvents,
  latencyFilterSchema,
  snapshotSchema,
  type EngineState,
} from "../../src/shared/app-contract.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { AppError } from "../../src/shared/errors.ts";
import { Page, startApp } from "../support/app-page.ts";

/** Real storage, real model processes with the demo pack, and pages that play without a speaker. */
let folder: string;
let app: App;
let reports: AppError[];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-app-"));
  ({ app, reports } = startApp(folder));
});
afterAll(async () => {
  await app.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(): Promise<Page> {
  const { page } = await Page.open(app);
  onTestFinished(() => page.port[Symbol.dispose]());
  return page;
}

/** Waits until the models can answer: the state as of now, or the event that changes it. */
async function ready(page: Page): Promise<void> {
  const isReady = (engine: EngineState): boolean =>
    engine.listener.state === "ready" && engine.voxtral.state === "ready" && engine.kokoro.state === "ready";
  const { engine } = await page.client.call("hello", {});
  if (!isReady(engine)) await page.until("engine", isReady);
}

describe("R10 R22 the app service over a port", () => {
  test("hello answers before the models are ready, with everything a window shows", async () => {
    const { page, snapshot } = await Page.open(app);
    expect(snapshotSchema.parse(snapshot)).toMatchObject({
      host: "browser",
      state: { phase: "idle" },
      engine: { isDemo: true },
      conversation: null,
    });
    expect(snapshot.samples).toContainEqual({
      id: "capital-of-france",
      question: "What is the capital of France?",
    });
    page.port[Symbol.dispose]();
  });

  test("R17 a typed question is answered in tokens and speech, stored, measured and listed", async () => {
    const page = await opened();
    const { turnId } = await page.client.call("ask.text", { text: "what is the capital of France?" });
    const finished = await page.finished(turnId);
    expect(finished).toMatchObject({ outcome: "completed", reply: "The capital of France is Paris." });

    const names = page.heard
      .filter(({ name }) => name !== "engine" && name !== "level")
      .map(({ name }) => name);
    expect(names.indexOf("turn.opened")).toBeLessThan(names.indexOf("turn"));
    expect(names.indexOf("audio")).toBeLessThan(names.lastIndexOf("turn"));
    const chunks = page.all("audio").filter((audio) => audio.turnId === turnId);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.map(({ index }) => index)).toEqual(chunks.map((_, index) => index));
    expect(
      chunks.map(({ replyStart, replyEnd }) => finished.reply.slice(replyStart, replyEnd)).join(""),
    ).toBe(finished.reply);
    expect(page.all("audio.end")).toContainEqual({ turnId, samples: page.speech(turnId).length });
    expect(page.all("state").map(({ phase }) => phase)).toEqual(["idle", "thinking", "speaking", "idle"]);
    for (const { name, value } of page.heard)
      expect(appEvents[name].safeParse(value).error, name).toBeUndefined();

    const { conversations } = await page.client.call("conversations.list", { query: "paris" });
    expect(conversations).toMatchObject([{ title: "what is the capital of France?", turnCount: 1 }]);
    const record = await page.record(turnId);
    expect(record).toMatchObject({ model: "nano", provider: "cpu", speechProvider: "cpu", isCold: true });
    expect(record.keyToSoundMs).toBeGreaterThanOrEqual(record.metrics.firstAudioMs!);
    const spans = record.metrics.spans.map(({ name }) => name);
    for (const name of ["prefill", "decode", "synthesis", "queue", "transport", "heard"])
      expect(spans).toContain(name);
    const { records } = await page.client.call("latency.list", latencyFilterSchema.parse({}));
    expect(records).toContainEqual(record);
  });

  test("R16 a sample is asked as if spoken, and its words come after the reply", async () => {
    const page = await opened();
    const { turnId } = await page.client.call("ask.sample", { sampleId: "capital-of-france" });
    expect((await page.finished(turnId)).reply).toBe("The capital of France is Paris.");
    const { text } = await page.until("transcript", (transcript) => transcript.turnId === turnId);
    expect(text).toContain("capital of France");
    const order = page.heard.map(({ name, value }) =>
      name === "turn" && value.type === "turn-finished" ? "finished" : name,
    );
    expect(order.indexOf("transcript")).toBeGreaterThan(order.indexOf("finished"));
    expect(await page.record(turnId)).toMatchObject({ isCold: false, input: "voice" });
    const { conversation } = await page.client.call("hello", {});
    expect(conversation?.turns.at(-1)).toMatchObject({ id: turnId, userText: text, input: "voice" });
    await expect(page.client.call("ask.sample", { sampleId: "none" })).rejects.toMatchObject({
      code: "bad-input",
    });
  });

  test("R11 R12 a held key: microphone audio with pre-roll becomes the question", async () => {
    const page = await opened();
    const wav = readFileSync(new URL("../../samples/capital-of-france.wav", import.meta.url));
    const samples = Float32Array.from(
      { length: (wav.length - 44) >> 1 },
      (_, i) => wav.readInt16LE(44 + 2 * i) / 32_768,
    );
    const push = (from: number, to: number): void => {
      for (let at = from; at < to; at += 512) {
        page.client.notify("mic.audio", {
          samples: samples.slice(at, Math.min(to, at + 512)),
          sampleRateHz: 16_000,
        });
      }
    };
    await ready(page);
    page.client.notify("mic.state", { state: "armed", label: "Test microphone" });
    // The first 300 ms were said before the key went down.
    push(0, 4800);
    const { utteranceId } = await page.client.call("listen.begin", {
      source: "space",
      pressedAtMs: systemClock.nowMs(),
    });
    await page.until("state", (state) => state.phase === "listening" && state.utteranceId === utteranceId);
    push(4800, samples.length);
    const { turnId } = await page.client.call("listen.end", {
      utteranceId,
      releasedAtMs: systemClock.nowMs(),
    });
    expect((await page.finished(turnId)).reply).toBe("The capital of France is Paris.");
    await expect(page.client.call("listen.end", { utteranceId, releasedAtMs: 0 })).rejects.toMatchObject({
      code: "bad-input",
    });
    expect(page.all("mic.state")).toEqual([{ state: "armed", label: "Test microphone" }]);
  });

  test("R11 a cancelled recording asks nothing", async () => {
    const page = await opened();
    await ready(page);
    const { utteranceId } = await page.client.call("listen.begin", {
      source: "button",
      pressedAtMs: systemClock.nowMs(),
    });
    await page.client.call("listen.cancel", { utteranceId });
    expect(page.all("state").at(-1)).toMatchObject({ phase: "idle", utteranceId: null });
    expect(page.all("turn.opened")).toEqual([]);
  });

  test("R16 an interrupted reply keeps what was heard, in the history and for the next turn", async () => {
    const page = await opened();
    page.isPaused = true;
    const { turnId } = await page.client.call("ask.text", { text: "tell me a story" });
    const first = await page.until("audio", (audio) => audio.turnId === turnId);
    page.play(turnId, Math.round(first.pcm.length * 0.7));
    await page.client.call("turn.interrupt", { turnId });
    const finished = await page.finished(turnId);
    expect(finished.outcome).toBe("interrupted");
    expect(first.textSource).toContain(finished.reply);
    expect(finished.reply).not.toBe("");
    expect(page.all("player.stop").map((stop) => stop.turnId)).toEqual([turnId]);
    const { conversation } = await page.client.call("hello", {});
    expect(conversation?.turns.at(-1)).toMatchObject({
      id: turnId,
      reply: finished.reply,
      outcome: "interrupted",
    });
    await page.client.call("turn.interrupt", {});
  });

  test("R14 R62 a window reloaded mid-reply hears the rest, and nothing twice", async () => {
    const { page: before } = await Page.open(app);
    before.isPaused = true;
    const { turnId } = await before.client.call("ask.text", { text: "tell me a joke" });
    const ended = await before.until("audio.end", (end) => end.turnId === turnId);
    const whole = before.speech(turnId);
    expect(whole).toHaveLength(ended.samples);
    const heardSamples = 30_000;
    before.play(turnId, heardSamples);
    await before.client.call("clock", {});
    before.port[Symbol.dispose]();

    const { page: after, snapshot } = await Page.open(app);
    onTestFinished(() => after.port[Symbol.dispose]());
    expect(snapshot.state).toMatchObject({ phase: "speaking", turnId });
    const finished = await after.finished(turnId);
    expect(finished.outcome).toBe("completed");
    expect(after.all("turn.opened")).toMatchObject([{ turnId, userText: "tell me a joke" }]);
    const tokens = after.all("turn").flatMap((event) => (event.type === "token" ? [event.text] : []));
    expect(tokens.join("").trim()).toBe(finished.reply);
    expect(after.speech(turnId)).toEqual(whole.slice(heardSamples));
  });

  test("R17 regenerate replaces the reply; replay and preview speak without tokens", async () => {
    const page = await opened();
    const asked = await page.client.call("ask.text", { text: "what is the capital of Japan?" });
    await page.finished(asked.turnId);
    const again = await page.client.call("turn.regenerate", { turnId: asked.turnId });
    await page.finished(again.turnId);
    expect(page.all("turn.opened").at(-1)).toMatchObject({ turnId: again.turnId, replaces: asked.turnId });
    const { conversation } = await page.client.call("hello", {});
    const ids = conversation?.turns.map(({ id }) => id);
    expect(ids).toContain(again.turnId);
    expect(ids).not.toContain(asked.turnId);

    const replay = await page.client.call("turn.replay", { turnId: again.turnId });
    await page.until("audio.end", ({ turnId }) => turnId === replay.turnId);
    const preview = await page.client.call("voice.preview", { voice: "bm_george", speed: 1.2 });
    await page.until("audio.end", ({ turnId }) => turnId === preview.turnId);
    expect(page.all("audio").find(({ turnId }) => turnId === preview.turnId)?.voice).toBe("bm_george");
    const spoken = new Set([replay.turnId, preview.turnId]);
    expect(page.all("turn").filter(({ turnId }) => spoken.has(turnId))).toEqual([]);
    await page.until("state", ({ phase, turnId }) => phase === "idle" && turnId === null);
  });

  test("R18 settings take effect at once and reach every window; wrong ones change nothing", async () => {
    const page = await opened();
    const other = await opened();
    const settings = await page.client.call("settings.update", {
      patch: { voice: { id: "af_bella", speed: 1.5 } },
    });
    expect(await other.until("settings")).toEqual(settings);
    const { turnId } = await page.client.call("ask.text", { text: "who are you?" });
    await page.finished(turnId);
    expect(page.all("audio").every(({ voice }) => voice === "af_bella")).toBe(true);
    await expect(
      page.client.call("settings.update", { patch: { voice: { speed: 99 } } }),
    ).rejects.toMatchObject({ code: "bad-input", message: expect.stringContaining("voice.speed") });
    expect((await page.client.call("hello", {})).settings).toEqual(settings);
    await page.client.call("settings.update", { patch: { voice: { id: "af_heart", speed: 1 } } });
  });

  test("R4 of several windows the one that plays is listened to; the overlay gets words without samples", async () => {
    const page = await opened();
    const { page: overlay } = await Page.open(app, "overlay");
    onTestFinished(() => overlay.port[Symbol.dispose]());
    overlay.isPaused = true;
    const { turnId } = await page.client.call("ask.text", { text: "who are you?" });
    await overlay.finished(turnId);
    expect(overlay.all("audio").length).toBe(page.all("audio").length);
    expect(overlay.speech(turnId)).toHaveLength(0);
    expect(overlay.all("audio").every(({ words }) => words.length > 0)).toBe(true);
  });

  test("R16 open, rename, export and delete a conversation; a deleted one is left", async () => {
    const page = await opened();
    const created = await page.client.call("conversations.create", {});
    const { id } = created.summary;
    const { turnId } = await page.client.call("ask.text", { text: "what is the capital of France?" });
    await page.finished(turnId);
    expect(await page.client.call("conversations.rename", { id, title: "Trip" })).toMatchObject({
      title: "Trip",
    });
    const file = await page.client.call("conversations.export", { id, format: "markdown" });
    expect(file).toMatchObject({ fileName: "Trip.md", mimeType: "text/markdown" });
    expect(file.content).toContain("The capital of France is Paris.");
    expect((await page.client.call("conversations.open", { id })).turns).toHaveLength(1);
    await page.client.call("conversations.delete", { id });
    expect((await page.client.call("hello", {})).conversation).toBeNull();
    await expect(page.client.call("conversations.open", { id })).rejects.toMatchObject({ code: "bad-input" });
  });

  test("R60 nothing that was said or typed is in any report", () => {
    expect(reports.map(({ message }) => message).join()).not.toMatch(/capital|joke|story|Paris/i);
  });
});

test("R60 with the history off, a conversation leaves nothing on the disk", async () => {
  const page = await opened();
  await page.client.call("settings.update", {
    patch: { data: { keepHistory: false, keepLatencyRecords: false } },
  });
  const { turnId } = await page.client.call("ask.text", { text: "zanzibar" });
  await page.finished(turnId);
  expect((await page.client.call("conversations.list", { query: "zanzibar" })).total).toBe(1);
  const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name)));
  expect(Buffer.concat(files).includes("zanzibar")).toBe(false);
  await page.client.call("settings.update", {
    patch: { data: { keepHistory: true, keepLatencyRecords: true } },
  });
  expect((await page.client.call("conversations.list", { query: "zanzibar" })).total).toBe(0);
});

test("R16 the title follows the first question, typed or transcribed, while the conversation is open", async () => {
  const page = await opened();
  const { summary } = await page.client.call("conversations.create", {});
  const { turnId } = await page.client.call("ask.sample", { sampleId: "capital-of-france" });
  const { text } = await page.until("transcript", (transcript) => transcript.turnId === turnId);
  const titles = page
    .all("conversation.opened")
    .filter((record) => record.summary.id === summary.id)
    .map((record) => record.summary.title);
  expect(titles).toEqual(["New conversation", "The capital of France is Paris.", text]);
});

test("R18 R20 a model that is not there is said once, and the demo pack goes on answering", async () => {
  const page = await opened();
  const models = { active: "/no/such/model" };
  await page.client.call("settings.update", { patch: { models } });
  expect(await page.until("notice")).toMatchObject({ level: "warning", code: "model-missing" });
  const { turnId } = await page.client.call("ask.text", { text: "what is the capital of France?" });
  expect((await page.finished(turnId)).reply).toBe("The capital of France is Paris.");
  expect(await page.record(turnId)).toMatchObject({ isCold: true });
  await page.client.call("settings.update", { patch: { models: { active: "nano" } } });
  await page.until("engine", (engine) => engine.voxtral.state === "starting");
});

test("R62 what went wrong before a window existed is told to the first one that opens", async () => {
  const own = mkdtempSync(path.join(tmpdir(), "parley-notice-"));
  onTestFinished(() => rmSync(own, { recursive: true, force: true }));
  writeFileSync(path.join(own, "parley.db"), "not a database ".repeat(1000));
  writeFileSync(path.join(own, "settings.json"), "{");
  const { app: damaged } = startApp(own);
  onTestFinished(() => damaged.dispose());
  const { page } = await Page.open(damaged);
  await page.until("notice", ({ message }) => message.startsWith("Your settings could not be read"));
  await page.until("notice", ({ message }) => message.startsWith("Your history was damaged"));
  const { page: second } = await Page.open(damaged);
  await second.client.call("clock", {});
  expect(second.all("notice")).toEqual([]);
});

test("R8 R16 quitting mid-reply stores what was heard; the next start has it and goes on from it", async () => {
  const own = mkdtempSync(path.join(tmpdir(), "parley-quit-"));
  onTestFinished(() => rmSync(own, { recursive: true, force: true }));
  const first = startApp(own).app;
  const { page } = await Page.open(first);
  const { turnId: answered } = await page.client.call("ask.text", { text: "tell me a joke" });
  await page.finished(answered);
  page.isPaused = true;
  const { turnId } = await page.client.call("ask.text", { text: "tell me a story" });
  const audio = await page.until("audio", (chunk) => chunk.turnId === turnId);
  // Not the whole chunk, so that something is left to interrupt, whatever the model answers.
  page.play(turnId, Math.round(audio.pcm.length * 0.7));
  await page.client.call("clock", {});
  await first.dispose();

  const second = startApp(own).app;
  onTestFinished(() => second.dispose());
  const { page: next } = await Page.open(second);
  const { conversations } = await next.client.call("conversations.list", {});
  const { turns } = await next.client.call("conversations.open", { id: conversations[0]!.id });
  expect(turns).toMatchObject([{ outcome: "completed" }, { id: turnId, outcome: "interrupted" }]);
  expect(turns[1]!.reply).not.toBe("");
  expect(audio.textSource).toContain(turns[1]!.reply);
  const { turnId: third } = await next.client.call("ask.text", { text: "what is the capital of France?" });
  await next.finished(third);
  // The restored turns are part of the prompt.
  const record = await next.record(third);
  expect(record.metrics.prefillTokens + record.metrics.reusedTokens).toBeGreaterThan(60);
});
