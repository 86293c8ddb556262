import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { chromiumPath } from "../renderer/page-host.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `npm run dev` on a copy of the sources, below the package so that the copy finds the same dependencies. */
class Development implements AsyncDisposable {
  readonly address: string;
  readonly errors: () => string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, child: ChildProcess, address: string, errors: () => string) {
    this.#folder = folder;
    this.#child = child;
    this.address = address;
    this.errors = errors;
  }

  static async start(): Promise<Development> {
    mkdirSync(path.join(root, "out"), { recursive: true });
    const folder = mkdtempSync(path.join(root, "out/test-development-"));
    for (const name of [
      "src",
      "package.json",
      "tsconfig.json",
      "tsconfig.web.json",
      "vite.renderer.config.ts",
    ]) {
      cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
    }
    for (const name of ["resources", "samples"]) symlinkSync(path.join(root, name), path.join(folder, name));
    const child = spawn(process.execPath, ["src/main/dev.ts", "--browser", "--no-open", "--model", "nano"], {
      cwd: folder,
      env: { ...process.env, PARLEY_HOME: path.join(folder, "home") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const lines = createInterface(child.stdout);
    const [address] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as unknown[];
    if (typeof address !== "string") throw new Error(`npm run dev ended: ${errors}`);
    return new Development(folder, child, address, () => errors);
  }

  edit(file: string, before: string, after: string): void {
    const full = path.join(this.#folder, file);
    const text = readFileSync(full, "utf8");
    expect(text).toContain(before);
    writeFileSync(full, text.replace(before, after));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGINT");
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function openIn(browser: Browser, address: string, problems: string[]): Promise<Page> {
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  await page.waitForSelector("main");
  return page;
}

const idle = (page: Page) => page.waitForSelector("button[data-talk][data-phase=idle]", { timeout: 45_000 });

describe.skipIf(chromiumPath === undefined)("npm run dev in the browser host", () => {
  test("R22 the page and the main side change under an open tab, which neither reloads nor has to be let in again", async () => {
    await using development = await Development.start();
    const problems: string[] = [];
    await using browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] });
    const page = await openIn(browser, development.address, problems);
    await idle(page);
    // Gone after a reload.
    await page.evaluate("window.isSamePage = true");

    development.edit(
      "src/renderer/views/empty-conversation.tsx",
      "Hold, speak, let go.",
      "Edited under your eyes",
    );
    await page.getByText("Edited under your eyes").waitFor();
    development.edit("src/renderer/styles/tokens.css", ":root {", ":root {\n  --edited: 7px;");
    const edited = () =>
      page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--edited')");
    await expect.poll(edited, { timeout: 30_000 }).toBe("7px");

    await page.getByRole("link", { name: "Settings" }).click();
    development.edit(
      "src/main/launch/browser-app.ts",
      "A page hears keys only",
      "An edited main side says that keys are heard only",
    );
    await page.getByText("An edited main side says").waitFor();
    expect(development.errors()).toContain("The main side changed and starts again.");
    await page.getByRole("link", { name: "Conversation", exact: true }).click();
    await idle(page);
    await page.getByRole("textbox", { name: /question/i }).fill("What is the capital of France?");
    await page.keyboard.press("Enter");
    await page.getByText("The capital of France is Paris.").first().waitFor();
    expect(await page.evaluate("window.isSamePage")).toBe(true);

    // The cookie goes on working too.
    await page.reload();
    await page.getByText("The capital of France is Paris.").first().waitFor();
    expect(problems).toEqual([]);
  }, 180_000);
});
