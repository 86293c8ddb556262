import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { chromiumPath } from "../renderer/chromium.ts";
import { golden } from "../support/nano.ts";
import { wavFile } from "../support/wav-file.ts";

export { chromiumPath } from "../renderer/chromium.ts";

const entry = fileURLToPath(new URL("../../src/main/browser.ts", import.meta.url));
const RATE_HZ = 16_000;

/** The product as a newcomer starts it without a desktop, and a Chromium whose microphone plays a recording. */
export class BrowserSession implements AsyncDisposable {
  /** Console errors and warnings, page errors, and requests that would leave loopback. */
  readonly problems: string[] = [];
  readonly address: string;
  readonly #host: ChildProcess;
  readonly #folder: string;
  readonly #browser: Browser;
  readonly context: BrowserContext;

  private constructor(
    host: ChildProcess,
    folder: string,
    address: string,
    browser: Browser,
    context: BrowserContext,
  ) {
    this.#host = host;
    this.#folder = folder;
    this.address = address;
    this.#browser = browser;
    this.context = context;
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(message.text());
    });
    context.on("weberror", (error) => this.problems.push(String(error.error())));
    context.on("request", (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (hostname !== "127.0.0.1" && !["blob:", "data:"].includes(protocol)) {
        this.problems.push(`a request to ${request.url()}`);
      }
    });
  }

  /**
   * `question` is a golden recording; the fake microphone says it again and again from when it is opened, with
   * `silenceMs` (a second) of silence between.
   */
  static async start(options: {
    question: string;
    silenceMs?: number;
    isMicrophoneAllowed?: boolean;
    /** More of the host's environment. */
    env?: Readonly<Record<string, string>>;
  }): Promise<BrowserSession> {
    const folder = mkdtempSync(path.join(tmpdir(), "parley-e2e-"));
    const host = spawn(process.execPath, [entry, "--no-open"], {
      env: { ...process.env, ...options.env, PARLEY_HOME: path.join(folder, "home") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [address] = (await once(createInterface(host.stdout), "line")) as [string];
    const microphone = path.join(folder, "microphone.wav");
    const spoken = golden(options.question);
    const padded = new Float32Array(spoken.length + ((options.silenceMs ?? 1000) / 1000) * RATE_HZ);
    padded.set(spoken);
    writeFileSync(microphone, wavFile([padded], { rateHz: RATE_HZ, code: 1, bits: 16 }));
    const browser = await chromium.launch({
      executablePath: chromiumPath ?? "",
      args: [
        "--no-sandbox",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${microphone}`,
        ...(options.isMicrophoneAllowed === false ? [] : ["--use-fake-ui-for-media-stream"]),
      ],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    return new BrowserSession(host, folder, address, browser, context);
  }

  async open(search = ""): Promise<Page> {
    const page = await this.context.newPage();
    const url = new URL(this.address);
    url.search = search;
    await page.goto(url.href);
    await page.waitForSelector("main");
    return page;
  }

  /** Pid of the host, to look for what it leaves behind. */
  get pid(): number {
    return this.#host.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#host.kill("SIGINT");
    if (this.#host.exitCode === null) await once(this.#host, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
