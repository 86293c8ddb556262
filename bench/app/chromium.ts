import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { captureBlockSamples } from "../../src/renderer/audio/capture-blocks.ts";
import { LISTEN_RATE_HZ } from "../../src/shared/audio.ts";
import type { Host } from "./host.ts";
import type { Arrival } from "./readings.ts";

const candidates = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const recording = fileURLToPath(new URL("../../samples/capital-of-france.wav", import.meta.url));
const questions = ["What is the capital of France?", "What is five plus six?", "Who are you?"];
const CAPTURE_MS = 3_000;
const TURN_LIMIT_MS = 60_000;

/** What a real page measured, in milliseconds. */
export interface PageTimes {
  /** From each block's `WebSocket.send` in the page to its arrival in the listener. */
  readonly captureMs: readonly number[];
  /** How much later than asked a timer of 10 ms fired on the page's thread, while it answered. */
  readonly driftMs: readonly number[];
  /** How many turns it asked, aloud. */
  readonly turns: number;
}

/**
 * Runs in the page before its own code. It notes when each frame with microphone audio is sent (the method's name is
 * plain text in MessagePack) and how late a timer fires.
 */
const pageProbe = `(() => {
  const now = () => performance.timeOrigin + performance.now();
  const mark = [..."mic.audio"].map((letter) => letter.charCodeAt(0));
  const isMicrophone = (bytes) => {
    for (let at = 0; at < Math.min(bytes.length, 64); at++) {
      if (mark.every((code, i) => bytes[at + i] === code)) return true;
    }
    return false;
  };
  const probe = { sentMs: [], driftMs: [] };
  window.parleyBench = probe;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (isMicrophone(data)) probe.sentMs.push(now());
    return send.call(this, data);
  };
  let before = now();
  setInterval(() => {
    const at = now();
    probe.driftMs.push(Math.max(0, at - before - 10));
    before = at;
  }, 10);
})()`;

/** Drives the real page in a Chromium of this machine; null where there is none. */
export async function measureChromium(host: Host): Promise<PageTimes | null> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) return null;
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-audio-capture=${recording}`,
    ],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const [name = "", value = ""] = host.cookie.split("=");
    await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/session" }]);
    await context.addInitScript(pageProbe);
    const page = await context.newPage();
    await page.goto(host.origin);
    await waitForPhase(page, "idle");
    const captureMs = await measureMicrophone(host, page);
    const driftMs: number[] = [];
    for (const question of questions) {
      const box = page.getByRole("textbox", { name: /question/i });
      await box.fill(question);
      await page.evaluate("parleyBench.driftMs.length = 0");
      await box.press("Enter");
      await waitForPhase(page, "speaking");
      await waitForPhase(page, "idle");
      driftMs.push(...(await page.evaluate<number[]>("parleyBench.driftMs")));
    }
    return { captureMs, driftMs, turns: questions.length };
  } finally {
    await browser.close();
  }
}

/** Frames are matched by order: a socket keeps it, and nobody else sends microphone audio now. */
async function measureMicrophone(host: Host, page: Page): Promise<number[]> {
  const earlier = host.arrivals().length;
  await page.getByRole("button", { name: "Microphone off" }).click();
  const off = page.getByRole("button", { name: "Microphone on" });
  await off.waitFor();
  await delay(CAPTURE_MS);
  await off.click();
  // What is under way arrives, and the listener's probe writes it down.
  await delay(500);
  const sentMs = await page.evaluate<number[]>("parleyBench.sentMs");
  // Main itself sends silence, once the microphone is shut.
  const isBlock = ({ samples }: Arrival): boolean => samples === captureBlockSamples(LISTEN_RATE_HZ);
  const arrivals = host.arrivals().slice(earlier).filter(isBlock);
  // Main takes audio of an armed microphone only: blocks sent before it knew are the ones that never arrived.
  const lost = sentMs.length - arrivals.length;
  if (lost < 0) throw new Error("More blocks arrived than the page sent: somebody else's microphone is on.");
  return arrivals.map(({ atMs }, i) => atMs - sentMs[i + lost]!);
}

async function waitForPhase(page: Page, phase: string): Promise<void> {
  await page.waitForSelector(`button[data-talk][data-phase=${phase}]`, { timeout: TURN_LIMIT_MS });
}
