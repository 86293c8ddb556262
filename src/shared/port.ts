/**
 * The one boundary abstraction: a model process, a renderer and a WebSocket are all Ports.
 * Messages are structured-cloneable values; order is kept; nothing is delivered after `closed` settles.
 */
export interface Port extends Disposable {
  /** Sends a copy of `message`. Silently does nothing once the port is closed: the peer is gone anyway. */
  post(message: unknown): void;
  /** Adds a listener and returns the function that removes it. Messages wait until the first listener exists. */
  onMessage(listener: (message: unknown) => void): () => void;
  /** Settles once, never rejects, with the reason: our own `dispose`, or what is known of the peer's end. */
  readonly closed: Promise<PortClosed>;
}

export interface PortClosed {
  readonly by: "self" | "peer";
  /** A short reason for a log, such as `exit code 1`, `SIGKILL` or `socket 1006`. */
  readonly reason: string;
}
