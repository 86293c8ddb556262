import { createServer } from "node:http";
import { tokenParameter } from "../../shared/browser-session.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import type { PageFile } from "../app/page-files.ts";
import { Admission } from "./admission.ts";
import type { DevelopmentPage } from "./development-page.ts";
import { createHttpAnswers } from "./http-answers.ts";
import { defaultSocketLimits, Sockets, type PageView, type SocketLimits } from "./sockets.ts";

export interface BrowserHostOptions {
  /** 0 or absent for any free port. */
  readonly port?: number;
  /** The built page, see `readPageFiles`. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** The page from its sources, instead of `files`. */
  readonly development?: DevelopmentPage;
  /** Called for each page that connects. The port closes by itself when the page goes. */
  readonly onPort: (port: Port, view: PageView) => void;
  /** Told of each refusal: a reason without anything secret. */
  readonly onRefused?: (reason: string) => void;
  readonly clock?: Clock;
  readonly limits?: Partial<SocketLimits>;
}

export interface BrowserHost extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  /** What the person opens: carries the one-time token. */
  readonly address: string;
}

/** A person in front of one machine needs few; anything more is a mistake or an attack. */
const maxHttpConnections = 64;

/**
 * Serves the page and its socket on 127.0.0.1, to whoever has the printed address and to nobody else.
 * Rejects with AppError `bad-input` when the wanted port is taken.
 */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const { files, development, onPort, onRefused = () => {}, clock = systemClock } = options;
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000 });
  server.maxConnections = maxHttpConnections;
  const port = await listen(server, options.port ?? 0);
  const admission = new Admission(port);
  const sockets = new Sockets({
    admission,
    clock,
    limits: { ...defaultSocketLimits, ...options.limits },
    onPort,
    onRefused,
    ...(development && { development }),
  });
  const answer = createHttpAnswers({ admission, files, onRefused, ...(development && { development }) });
  server.on("request", (request, response) => {
    answer(request, response).catch(() => {
      // The request broke off while its body was read: there is nobody left to answer.
      response.destroy();
    });
  });
  server.on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head));
  server.on("clientError", (_error, socket) => socket.destroy());
  return {
    port,
    origin: admission.origin,
    address: `${admission.origin}/#${tokenParameter}=${admission.token}`,
    async [Symbol.asyncDispose]() {
      sockets[Symbol.dispose]();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeIdleConnections();
      const cut = clock.after(1000, () => server.closeAllConnections());
      await promise;
      cut[Symbol.dispose]();
    },
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (cause: NodeJS.ErrnoException) => {
    const sentence =
      cause.code === "EADDRINUSE"
        ? `Port ${port} is in use: choose another with --port, or none for any free one.`
        : `Parley cannot listen on port ${port} of this machine (${cause.code ?? "unknown"}).`;
    reject(new AppError("bad-input", sentence, { cause }));
  });
  server.listen({ port, host: "127.0.0.1" }, () => {
    const address = server.address();
    resolve(typeof address === "object" && address ? address.port : port);
  });
  return promise;
}
