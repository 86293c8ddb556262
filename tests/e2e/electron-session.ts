import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { _electron, type ElectronApplication, type Page } from "playwright-core";
import { runNode } from "../../src/main/launch/command.ts";
import { builder } from "../../src/main/launch/electron-app.ts";
import { presentElectron } from "../../src/main/launch/electron-binary.ts";
import { electronObstacle } from "../../src/main/launch/electron-obstacle.ts";
import { golden } from "../support/nano.ts";
import { wavFile } from "../support/wav-file.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const RATE_HZ = 16_000;
const BUILD_TIMEOUT_MS = 180_000;

const binary = presentElectron();
/** Why Electron cannot run here, as `npm start` would say it; null where it can. Nothing is downloaded to find out. */
export const obstacle =
  electronObstacle({ platform: process.platform, env: process.env, isRoot: process.getuid?.() === 0 }) ??
  ("obstacle" in binary ? binary.obstacle : null);
if (obstacle !== null) console.warn(`The desktop app's tests are skipped: ${obstacle}.`);

/** The desktop app as `npm start` builds and runs it, in a folder of its own, with a microphone that plays a recording. */
export class ElectronSession implements AsyncDisposable {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** Console errors and warnings, and page errors. */
  readonly problems: string[] = [];
  readonly #folder: string;

  private constructor(app: ElectronApplication, page: Page, folder: string) {
    this.app = app;
    this.page = page;
    this.#folder = folder;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(message.text());
    });
    page.on("pageerror", (error) => this.problems.push(String(error)));
  }

  static async start(question: string): Promise<ElectronSession> {
    if ("obstacle" in binary) throw new Error(binary.obstacle);
    const build = await runNode(builder(), ["build"], { cwd: root, timeoutMs: BUILD_TIMEOUT_MS });
    if (build.exitCode !== 0) throw new Error(`The desktop app was not built: ${build.output}`);
    const folder = mkdtempSync(path.join(tmpdir(), "parley-electron-"));
    const microphone = path.join(folder, "microphone.wav");
    const silence = new Float32Array(RATE_HZ);
    writeFileSync(microphone, wavFile([golden(question), silence], { rateHz: RATE_HZ, code: 1, bits: 16 }));
    const app = await _electron.launch({
      executablePath: binary.path,
      args: [
        root,
        `--user-data-dir=${path.join(folder, "chromium")}`,
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${microphone}`,
      ],
      cwd: root,
      env: { ...process.env, PARLEY_HOME: path.join(folder, "home") },
    });
    const page = await app.firstWindow();
    await page.waitForSelector("main");
    return new ElectronSession(app, page, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
