import { AppError } from "./errors.ts";
import type { Port, PortClosed } from "./port.ts";
import { ClientStream } from "./rpc-client-stream.ts";
import type { CallOptions, RpcClient, ServiceShape } from "./rpc-shape.ts";
import {
  onceForBreach,
  parseForClient,
  reportToConsole,
  streamWindow,
  trusted,
  type Report,
  type ToServer,
} from "./rpc-wire.ts";

export interface ConnectOptions {
  /** Told of breaches of the wire contract (once) and of errors in event listeners. Default: the console. */
  readonly report?: Report;
  /** The error pending calls get when the port closes. Default: `cancelled` if we closed it, else `engine-gone`. */
  readonly closedError?: (closed: PortClosed) => AppError;
}

/** A call or a stream that has not had its final message. */
interface Pending {
  result(value: unknown): void;
  part(value: unknown): void;
  end(): void;
  fail(error: AppError): void;
}

/**
 * The caller's end of a Port. Disposing it cancels what is pending; the Port stays the caller's to dispose.
 * Cancelling by signal rejects with `cancelled` at once, without waiting for the server.
 * A stream starts when it is iterated; each iteration starts it anew.
 */
export function connect<S extends ServiceShape>(
  port: Port,
  options: ConnectOptions = {},
): RpcClient<S> & Disposable {
  return new Client<S>(port, options);
}

class Client<S extends ServiceShape> implements RpcClient<S>, Disposable {
  readonly #port: Port;
  readonly #report: Report;
  readonly #breach: (what: string) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();
  readonly #removeListener: () => void;
  #nextId = 0;
  #endedBy: AppError | undefined;

  constructor(port: Port, options: ConnectOptions) {
    this.#port = port;
    this.#report = options.report ?? reportToConsole;
    this.#breach = onceForBreach(this.#report);
    this.#removeListener = port.onMessage((message) => this.#receive(message));
    const closedError = options.closedError ?? defaultClosedError;
    void port.closed.then((closed) => this.#end(closedError(closed)));
  }

  call<K extends keyof S["calls"] & string>(
    method: K,
    params: S["calls"][K]["params"],
    options: CallOptions = {},
  ): Promise<S["calls"][K]["result"]> {
    const { promise, resolve, reject } = Promise.withResolvers<S["calls"][K]["result"]>();
    const refusal = this.#refusal(options.signal);
    if (refusal) {
      reject(refusal);
      return promise;
    }
    const id = this.#nextId++;
    const settle = (): void => {
      this.#pending.delete(id);
      options.signal?.removeEventListener("abort", onAbort);
    };
    const pending: Pending = {
      result: (value) => {
        settle();
        resolve(trusted(value));
      },
      part: () => this.#breach("a part for a call"),
      end: () => this.#breach("the end of a stream for a call"),
      fail: (error) => {
        settle();
        reject(error);
      },
    };
    const onAbort = (): void => {
      pending.fail(cancelled(options.signal));
      this.#port.post({ type: "cancel", id } satisfies ToServer);
    };
    options.signal?.addEventListener("abort", onAbort);
    this.#pending.set(id, pending);
    this.#start(pending, { type: "call", id, method, params });
    return promise;
  }

  stream<K extends keyof S["streams"] & string>(
    method: K,
    params: S["streams"][K]["params"],
    options: CallOptions = {},
  ): AsyncIterable<S["streams"][K]["part"]> {
    return { [Symbol.asyncIterator]: () => this.#open(method, params, options.signal) };
  }

  notify<K extends keyof S["notices"] & string>(method: K, params: S["notices"][K]): void {
    if (!this.#endedBy) this.#port.post({ type: "notice", method, params } satisfies ToServer);
  }

  on<K extends keyof S["events"] & string>(event: K, listener: (value: S["events"][K]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // Wrapped, so that the same function may subscribe twice and end one of the two.
    const entry = (value: unknown): void => listener(trusted(value));
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  [Symbol.dispose](): void {
    this.#removeListener();
    for (const id of this.#pending.keys()) this.#port.post({ type: "cancel", id } satisfies ToServer);
    this.#end(new AppError("cancelled", "The connection was closed."));
    this.#listeners.clear();
  }

  #open<Part>(method: string, params: unknown, signal: AbortSignal | undefined): AsyncIterator<Part> {
    const id = this.#nextId++;
    const onAbort = (): void => stream.cancel(cancelled(signal));
    const stream = new ClientStream<Part>({
      grant: (credits) => this.#port.post({ type: "credit", id, credits } satisfies ToServer),
      settled: (how) => {
        this.#pending.delete(id);
        signal?.removeEventListener("abort", onAbort);
        if (how === "left") this.#port.post({ type: "cancel", id } satisfies ToServer);
      },
      breach: this.#breach,
    });
    const refusal = this.#refusal(signal);
    if (refusal) {
      stream.fail(refusal);
      return stream;
    }
    signal?.addEventListener("abort", onAbort);
    this.#pending.set(id, stream);
    this.#start(stream, { type: "call", id, method, params, credits: streamWindow });
    return stream;
  }

  #start(pending: Pending, message: ToServer): void {
    try {
      this.#port.post(message);
    } catch (error) {
      const sentence = "The request cannot be sent: its parameters are not structured-cloneable.";
      pending.fail(new AppError("bad-input", sentence, { cause: error }));
    }
  }

  #refusal(signal: AbortSignal | undefined): AppError | undefined {
    return this.#endedBy ?? (signal?.aborted ? cancelled(signal) : undefined);
  }

  #end(error: AppError): void {
    if (this.#endedBy) return;
    this.#endedBy = error;
    for (const pending of this.#pending.values()) pending.fail(error);
  }

  #receive(raw: unknown): void {
    const parsed = parseForClient(raw);
    if (parsed === "not-mine") return;
    if (parsed === "malformed") return this.#breach("a malformed message");
    const { message } = parsed;
    if (message.type === "event") return this.#emit(message.event, message.value);
    // An unknown id is a message that crossed our cancellation.
    const pending = this.#pending.get(message.id);
    switch (message.type) {
      case "result":
        return pending?.result(message.value);
      case "part":
        return pending?.part(message.value);
      case "stream-end":
        return pending?.end();
      case "error":
        return pending?.fail(AppError.fromWire(message.error));
    }
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(value);
      } catch (error) {
        this.#report(AppError.from(error));
      }
    }
  }
}

function cancelled(signal: AbortSignal | undefined): AppError {
  return new AppError("cancelled", "The operation was cancelled.", { cause: signal?.reason });
}

function defaultClosedError({ by, reason }: PortClosed): AppError {
  if (by === "self") return new AppError("cancelled", `The connection was closed (${reason}).`);
  return new AppError("engine-gone", `The other end has gone (${reason}).`, { details: { reason } });
}
