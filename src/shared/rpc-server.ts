import { AppError } from "./errors.ts";
import type { Port } from "./port.ts";
import type { CallContext, Handlers, RpcServer, ServiceShape } from "./rpc-shape.ts";
import {
  onceForBreach,
  parseForServer,
  reportToConsole,
  trusted,
  type Report,
  type ToClient,
  type ToServer,
} from "./rpc-wire.ts";

export interface ServeOptions {
  /** Told of breaches of the wire contract (once) and of errors in notice handlers. Default: the console. */
  readonly report?: Report;
}

type CallHandler = (params: unknown, context: CallContext) => unknown;
type StreamHandler = (params: unknown, context: CallContext) => AsyncIterable<unknown>;
type NoticeHandler = (params: unknown) => void;

interface Running {
  readonly abort: AbortController;
  /** Parts that may still be sent; meaningless for calls. */
  credits: number;
  /** Wakes the producer when credits arrive or the stream is cancelled. */
  wake: () => void;
}

/**
 * Answers the calls and streams of one Port until it closes or the server is disposed; the Port stays the caller's
 * to dispose. Handlers start in the order their messages arrive. Errors of any kind reach the caller as AppErrors.
 */
export function serve<S extends ServiceShape>(
  port: Port,
  handlers: Handlers<S>,
  options: ServeOptions = {},
): RpcServer<S> {
  return new Server(port, handlers, options);
}

class Server<S extends ServiceShape> implements RpcServer<S> {
  readonly #port: Port;
  readonly #calls: Record<string, CallHandler>;
  readonly #streams: Record<string, StreamHandler>;
  readonly #notices: Record<string, NoticeHandler>;
  readonly #report: Report;
  readonly #breach: (what: string) => void;
  readonly #running = new Map<number, Running>();
  readonly #removeListener: () => void;

  constructor(port: Port, handlers: Handlers<S>, options: ServeOptions) {
    this.#port = port;
    // The shape is known to the compiler only; on the wire a method is a string and params are unknown.
    this.#calls = trusted(handlers.calls);
    this.#streams = trusted(handlers.streams);
    this.#notices = trusted(handlers.notices);
    this.#report = options.report ?? reportToConsole;
    this.#breach = onceForBreach(this.#report);
    this.#removeListener = port.onMessage((message) => this.#receive(message));
    void port.closed.then(() => this.#abortAll());
  }

  emit<K extends keyof S["events"] & string>(event: K, value: S["events"][K]): void {
    this.#post({ type: "event", event, value });
  }

  [Symbol.dispose](): void {
    this.#removeListener();
    const gone = new AppError("engine-gone", "The service has ended.").toWire();
    for (const id of this.#running.keys()) this.#post({ type: "error", id, error: gone });
    this.#abortAll();
  }

  #abortAll(): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { abort, wake } of running) {
      abort.abort();
      wake();
    }
  }

  #receive(raw: unknown): void {
    const parsed = parseForServer(raw);
    if (parsed === "not-mine") return;
    if (parsed === "malformed") return this.#breach("a malformed message");
    const { message } = parsed;
    switch (message.type) {
      case "call":
        return this.#start(message);
      case "cancel":
        return this.#cancel(message.id);
      case "credit":
        return this.#grant(message.id, message.credits);
      case "notice":
        return this.#notice(message.method, message.params);
    }
  }

  #start({ id, method, params, credits }: ToServer & { type: "call" }): void {
    if (this.#running.has(id)) return this.#breach(`call ${id} twice`);
    const running: Running = { abort: new AbortController(), credits: credits ?? 0, wake: () => {} };
    this.#running.set(id, running);
    const work =
      credits === undefined
        ? this.#answer(id, running, own(this.#calls, method), params)
        : this.#produce(id, running, own(this.#streams, method), params);
    void work.catch((error: unknown) => this.#finish(id, running, errorMessage(id, error)));
  }

  async #answer(
    id: number,
    running: Running,
    handler: CallHandler | undefined,
    params: unknown,
  ): Promise<void> {
    if (!handler) throw new AppError("protocol", "The service does not know this call.");
    const value = await handler(params, { signal: running.abort.signal });
    this.#finish(id, running, { type: "result", id, value });
  }

  async #produce(
    id: number,
    running: Running,
    handler: StreamHandler | undefined,
    params: unknown,
  ): Promise<void> {
    if (!handler) throw new AppError("protocol", "The service does not know this stream.");
    const { signal } = running.abort;
    for await (const value of handler(params, { signal })) {
      while (running.credits === 0 && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        running.wake = resolve;
        await promise;
      }
      // Leaving the loop calls the producer's return(), which runs its finally blocks.
      if (signal.aborted) return;
      running.credits -= 1;
      this.#port.post({ type: "part", id, value } satisfies ToClient);
    }
    this.#finish(id, running, { type: "stream-end", id });
  }

  /** Sends the final message of a call, unless it was cancelled: its caller has gone on already. */
  #finish(id: number, running: Running, message: ToClient): void {
    if (this.#running.get(id) !== running) return;
    this.#running.delete(id);
    this.#post(message);
  }

  #cancel(id: number): void {
    const running = this.#running.get(id);
    if (!running) return; // It was answered while the cancellation was under way.
    this.#running.delete(id);
    running.abort.abort();
    running.wake();
  }

  #grant(id: number, credits: number): void {
    const running = this.#running.get(id);
    if (!running) return; // It ended while the credit was under way.
    running.credits += credits;
    running.wake();
  }

  #notice(method: string, params: unknown): void {
    const handler = own(this.#notices, method);
    if (!handler) return this.#breach("an unknown notice");
    try {
      handler(params);
    } catch (error) {
      this.#report(AppError.from(error));
    }
  }

  /** Posts; an answer that cannot be copied becomes an error for its caller instead of silence. */
  #post(message: ToClient): void {
    try {
      this.#port.post(message);
    } catch (error) {
      if (message.type === "event") return this.#report(AppError.from(error));
      const sentence = "The service's answer cannot be sent: it is not structured-cloneable.";
      this.#port.post(errorMessage(message.id, new AppError("internal", sentence, { cause: error })));
    }
  }
}

/** Looks a handler up without following the prototype, so that `constructor` is no method. */
function own<Handler>(handlers: Record<string, Handler>, method: string): Handler | undefined {
  return Object.hasOwn(handlers, method) ? handlers[method] : undefined;
}

function errorMessage(id: number, error: unknown): ToClient {
  const wire = AppError.from(error).toWire();
  return { type: "error", id, error: wire };
}
