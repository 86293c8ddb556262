import type { Port, PortClosed } from "../port.ts";
import { createMessageDecoder, encodeMessage, type DecodeLimits } from "./binary-codec.ts";
import { Inbox } from "./inbox.ts";

/** What a page's WebSocket and the `ws` package's have in common. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  /** Bytes that `send` took and the network has not. */
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: object) => void): void;
}

export interface WebSocketPortOptions extends Partial<DecodeLimits> {
  /** Beyond this many unsent bytes the peer reads too slowly, and the port closes instead of growing. */
  readonly maxBufferedBytes?: number;
  /** Asked for each frame; false closes the port: the peer sends more than it may. */
  readonly admit?: (bytes: number) => boolean;
}

/** Private close codes (RFC 6455 §7.4.2 leaves 4000–4999 to applications). */
export const closeCodes = { malformed: 4400, tooMuch: 4429, tooSlow: 4408 } as const;

const connecting = 0;
const opened = 1;

const defaults = { maxArrayLength: 100_000, maxBufferedBytes: 16 * 1024 * 1024, admit: () => true };

/**
 * Makes a Port of a WebSocket, open or still connecting, and owns it from then on. One message is one binary frame; a
 * text frame or one that cannot be read closes the port, since a Port without order is worth nothing.
 */
export function webSocketPort(socket: WebSocketLike, options: WebSocketPortOptions = {}): Port {
  return new WebSocketPort(socket, { ...defaults, ...options });
}

class WebSocketPort implements Port {
  readonly #socket: WebSocketLike;
  readonly #options: Required<WebSocketPortOptions>;
  readonly #decode: (bytes: Uint8Array) => unknown;
  readonly #inbox = new Inbox();
  /** Frames posted before the connection is open. */
  #early: Uint8Array<ArrayBuffer>[] = [];

  constructor(socket: WebSocketLike, options: Required<WebSocketPortOptions>) {
    this.#socket = socket;
    this.#options = options;
    this.#decode = createMessageDecoder(options);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      for (const frame of this.#early.splice(0)) socket.send(frame);
    });
    socket.addEventListener("message", (event) => this.#receive("data" in event ? event.data : undefined));
    socket.addEventListener("close", (event) =>
      this.#inbox.close({ by: "peer", reason: `socket ${closeReason(event)}` }),
    );
    // A close event follows each error and tells the reason; without a listener Node would end the process.
    socket.addEventListener("error", () => {});
  }

  get closed(): Promise<PortClosed> {
    return this.#inbox.closed;
  }

  post(message: unknown): void {
    if (this.#inbox.isClosed) return;
    const frame = encodeMessage(message);
    if (this.#socket.readyState === connecting) {
      this.#early.push(frame);
      return;
    }
    if (this.#socket.readyState !== opened) return;
    if (this.#socket.bufferedAmount + frame.length > this.#options.maxBufferedBytes) {
      this.#end("self", closeCodes.tooSlow, "the other end reads too slowly");
      return;
    }
    this.#socket.send(frame);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.#end("self", 1000, "disposed");
  }

  #receive(data: unknown): void {
    if (this.#inbox.isClosed) return;
    if (!(data instanceof ArrayBuffer)) {
      this.#end("peer", closeCodes.malformed, "not a binary frame");
      return;
    }
    if (!this.#options.admit(data.byteLength)) {
      this.#end("peer", closeCodes.tooMuch, "too many messages");
      return;
    }
    let message: unknown;
    try {
      message = this.#decode(new Uint8Array(data));
    } catch {
      // The decoder's words are about bytes and tell a person nothing.
      this.#end("peer", closeCodes.malformed, "a malformed frame");
      return;
    }
    this.#inbox.deliver(message);
  }

  #end(by: PortClosed["by"], code: number, reason: string): void {
    if (this.#inbox.isClosed) return;
    this.#inbox.close({ by, reason });
    this.#early = [];
    this.#socket.close(code, reason);
  }
}

function closeReason(event: object): string {
  const code = "code" in event ? String(event.code) : "closed";
  return "reason" in event && event.reason !== "" ? `${code} ${String(event.reason)}` : code;
}
