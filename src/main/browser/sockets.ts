import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { z } from "zod";
import { socketPath } from "../../shared/browser-session.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Port } from "../../shared/port.ts";
import { webSocketPort } from "../../shared/ports/web-socket.ts";
import type { Admission } from "./admission.ts";
import { Allowance, type AllowanceLimits } from "./allowance.ts";
import type { DevelopmentPage } from "./development-page.ts";

export const viewSchema = z.enum(["main", "overlay"]);
export type PageView = z.infer<typeof viewSchema>;

export interface SocketLimits extends AllowanceLimits {
  /** A frame from a page; a second of 192 kHz audio fits. */
  readonly maxFrameBytes: number;
  /** Unsent bytes to a page, before it counts as too slow: about five minutes of speech. */
  readonly maxBufferedBytes: number;
  readonly maxConnections: number;
  /** How often a silent page is asked whether it is there; it is dropped when it has not answered by the next time. */
  readonly heartbeatMs: number;
}

export const defaultSocketLimits: SocketLimits = {
  maxFrameBytes: 1024 * 1024,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxConnections: 8,
  heartbeatMs: 15_000,
  // 31 microphone frames and 50 player reports a second are usual.
  messagesPerSecond: 500,
  bytesPerSecond: 4 * 1024 * 1024,
  burstSeconds: 2,
};

/** How long a closed page may take to say good-bye before its socket is cut. */
const closeGraceMs = 1000;

export interface SocketsOptions {
  readonly admission: Admission;
  readonly clock: Clock;
  readonly limits: SocketLimits;
  readonly development?: DevelopmentPage;
  readonly onPort: (port: Port, view: PageView) => void;
  readonly onRefused: (reason: string) => void;
}

/** The WebSocket half of the browser host: every upgrade is checked before a single frame is read. */
export class Sockets implements Disposable {
  readonly #options: SocketsOptions;
  readonly #server: WebSocketServer;
  readonly #ports = new Set<Port>();
  readonly #developmentSockets = new Set<Duplex>();

  constructor(options: SocketsOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.limits.maxFrameBytes,
      // Speech does not compress, and a compressed frame may hide a large one.
      perMessageDeflate: false,
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the handshake is done, a reset by the peer has no other listener.
    const ignoreReset = (): void => {};
    socket.on("error", ignoreReset);
    const { admission, development, onRefused } = this.#options;
    const url = URL.parse(request.url ?? "", admission.origin);
    const view = viewSchema.safeParse(url?.searchParams.get("view") ?? "main");
    const isOfDevelopment = development !== undefined && url?.pathname === development.socketPath;
    const [status, reason] =
      (url?.pathname !== socketPath || !view.success) && !isOfDevelopment
        ? ["404 Not Found", "unknown socket address"]
        : (admission.hostRefusal(request) ?? admission.originRefusal(request))
          ? ["403 Forbidden", "socket with a wrong Host or Origin"]
          : // The page's sources are loaded, and listen for changes, before the token is redeemed.
            !isOfDevelopment && !admission.hasSession(request)
            ? ["401 Unauthorized", "socket without a session"]
            : this.#ports.size >= this.#options.limits.maxConnections
              ? ["503 Service Unavailable", "too many connections"]
              : [];
    if (status !== undefined || !view.success) {
      onRefused(reason ?? "refused");
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    if (isOfDevelopment) {
      socket.off("error", ignoreReset);
      this.#developmentSockets.add(socket);
      socket.once("close", () => this.#developmentSockets.delete(socket));
      development.upgrade(request, socket, head);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off("error", ignoreReset);
      this.#open(webSocket, view.data);
    });
  }

  /** Closes all connections; pages see it as the host's end. */
  [Symbol.dispose](): void {
    for (const port of this.#ports) port[Symbol.dispose]();
    for (const socket of this.#developmentSockets) socket.destroy();
    this.#server.close();
  }

  #open(webSocket: WebSocket, view: PageView): void {
    const { clock, limits, onPort } = this.#options;
    const allowance = new Allowance(limits, clock);
    const port = webSocketPort(webSocket, {
      maxBufferedBytes: limits.maxBufferedBytes,
      // No message of a page holds a list of any length.
      maxArrayLength: 64,
      admit: (bytes) => allowance.take(bytes),
    });
    this.#ports.add(port);
    const heartbeat = watch(webSocket, clock, limits.heartbeatMs);
    void this.#afterClose(port, webSocket, heartbeat);
    onPort(port, view);
  }

  async #afterClose(port: Port, webSocket: WebSocket, heartbeat: Disposable): Promise<void> {
    const { reason } = await port.closed;
    this.#ports.delete(port);
    heartbeat[Symbol.dispose]();
    // What is neither our own close nor a page's is one of the port's refusals.
    if (reason !== "disposed" && !reason.startsWith("socket ")) this.#options.onRefused(reason);
    this.#options.clock.after(closeGraceMs, () => webSocket.terminate());
  }
}

/** Pings, and cuts the connection when a whole interval passed without an answer: a laptop closed, a page frozen. */
function watch(webSocket: WebSocket, clock: Clock, everyMs: number): Disposable {
  let hasAnswered = true;
  let timer: Disposable;
  webSocket.on("pong", () => (hasAnswered = true));
  const beat = (): void => {
    if (!hasAnswered) {
      webSocket.terminate();
      return;
    }
    hasAnswered = false;
    if (webSocket.readyState === webSocket.OPEN) webSocket.ping();
    timer = clock.after(everyMs, beat);
  };
  timer = clock.after(everyMs, beat);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
