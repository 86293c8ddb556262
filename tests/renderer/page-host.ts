import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { build } from "vite";
import { securityHeaders } from "../../src/main/app/content-security-policy.ts";
import { chromiumPath } from "./chromium.ts";
import type { ScriptedStart } from "./scripted-start.ts";
import { rendererConfig } from "../../vite.renderer.config.ts";

export { chromiumPath } from "./chromium.ts";

const mimeTypes: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface OpenOptions {
  readonly hash?: string;
  readonly search?: string;
  readonly theme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  readonly start?: ScriptedStart;
  readonly isMicrophoneAllowed?: boolean;
  readonly reducedMotion?: boolean;
}

/** The built page behind the product's own headers, with the scripted main side in place of Electron's preload. */
export class PageHost implements AsyncDisposable {
  readonly problems: string[] = [];
  readonly #server: Server;
  readonly #browser: Browser;
  readonly #script: string;
  readonly #outDir: string;
  readonly #contexts: BrowserContext[] = [];

  private constructor(server: Server, browser: Browser, script: string, outDir: string) {
    this.#outDir = outDir;
    this.#server = server;
    this.#browser = browser;
    this.#script = script;
  }

  static async start(): Promise<PageHost> {
    // A folder of its own: two runs at once must not empty each other's.
    const outDir = await mkdtemp(join(tmpdir(), "parley-page-"));
    await build({
      ...rendererConfig,
      configFile: false,
      logLevel: "error",
      build: { ...rendererConfig.build, outDir },
    });
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? "/", "http://host").pathname);
      void answer(response, join(outDir, path === "/" ? "index.html" : path));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({
      executablePath: chromiumPath ?? "",
      args: ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    });
    return new PageHost(server, browser, await bundleScriptedMain(), outDir);
  }

  async open(options: OpenOptions = {}): Promise<Page> {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port.");
    const origin = `http://127.0.0.1:${address.port}`;
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      colorScheme: options.theme ?? "light",
      reducedMotion: options.reducedMotion ? "reduce" : "no-preference",
      permissions: options.isMicrophoneAllowed === false ? [] : ["microphone", "clipboard-write"],
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(message.text());
    });
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("request", (request) => {
      const { origin: wanted, protocol } = new URL(request.url());
      if (wanted !== origin && protocol !== "blob:" && protocol !== "data:")
        this.problems.push(`request to ${wanted}`);
    });
    await page.addInitScript(
      `window.scriptedStart = ${JSON.stringify(options.start ?? {})};\n${this.#script}`,
    );
    await page.goto(`${origin}/${options.search ?? ""}${options.hash ?? "#/"}`);
    await page.waitForSelector("main");
    return page;
  }

  /** Closes the pages of a test. */
  async reset(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    this.problems.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.close();
    await rm(this.#outDir, { recursive: true, force: true });
  }
}

async function answer(response: ServerResponse, file: string): Promise<void> {
  try {
    const body = await readFile(file);
    const type = mimeTypes[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...securityHeaders({ sockets: [] }), "content-type": type }).end(body);
  } catch {
    // The test that asked for a file that is not there finds the 404 among the page's problems.
    response.writeHead(404).end();
  }
}

async function bundleScriptedMain(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL("scripted-main.ts", import.meta.url)),
        formats: ["iife"],
        name: "scripted",
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (!output || !("output" in output)) throw new Error("The scripted main side was not built.");
  return output.output[0].code;
}
