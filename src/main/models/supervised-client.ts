import type { CallOptions, RpcClient, ServiceShape } from "../../shared/rpc.ts";

/** Where a facade finds the client of the process that runs now. */
export interface ClientSource<S extends ServiceShape> {
  /** The client of a ready process, if there is one. */
  readonly current: RpcClient<S> | undefined;
  /** Waits for one. Rejects when there will be none, or with `cancelled`. */
  next(signal: AbortSignal | undefined): Promise<RpcClient<S>>;
}

interface Subscription<S extends ServiceShape> {
  /** Subscribes at a client; how to end that is kept in `off`. */
  attach(client: RpcClient<S>): void;
  off: (() => void) | undefined;
}

/**
 * One client over all incarnations of a process. Calls and streams go to the ready process at once, and wait for it
 * while it starts; what was pending at a process that ended fails and is not repeated, since only the caller knows
 * whether that is safe. Notices to a process that is not ready are dropped: it would not remember their predecessors.
 * Subscriptions hold over restarts.
 */
export class SupervisedClient<S extends ServiceShape> implements RpcClient<S> {
  readonly #source: ClientSource<S>;
  readonly #subscriptions = new Set<Subscription<S>>();
  #attached: RpcClient<S> | undefined;

  constructor(source: ClientSource<S>) {
    this.#source = source;
  }

  /** Moves all subscriptions to the client of a new process. */
  attach(client: RpcClient<S>): void {
    this.#attached = client;
    for (const subscription of this.#subscriptions) subscription.attach(client);
  }

  async call<K extends keyof S["calls"] & string>(
    method: K,
    params: S["calls"][K]["params"],
    options?: CallOptions,
  ): Promise<S["calls"][K]["result"]> {
    // Without an await when ready, so that calls and notices keep their order.
    const client = this.#source.current ?? (await this.#source.next(options?.signal));
    return client.call(method, params, options);
  }

  stream<K extends keyof S["streams"] & string>(
    method: K,
    params: S["streams"][K]["params"],
    options?: CallOptions,
  ): AsyncIterable<S["streams"][K]["part"]> {
    return {
      [Symbol.asyncIterator]: () => {
        const client = this.#source.current;
        const parts = client?.stream(method, params, options) ?? this.#waitAndStream(method, params, options);
        return parts[Symbol.asyncIterator]();
      },
    };
  }

  notify<K extends keyof S["notices"] & string>(method: K, params: S["notices"][K]): void {
    this.#source.current?.notify(method, params);
  }

  on<K extends keyof S["events"] & string>(event: K, listener: (value: S["events"][K]) => void): () => void {
    const subscription: Subscription<S> = {
      attach(client) {
        this.off = client.on(event, listener);
      },
      off: undefined,
    };
    this.#subscriptions.add(subscription);
    if (this.#attached) subscription.attach(this.#attached);
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.off?.();
    };
  }

  async *#waitAndStream<K extends keyof S["streams"] & string>(
    method: K,
    params: S["streams"][K]["params"],
    options: CallOptions | undefined,
  ): AsyncGenerator<S["streams"][K]["part"]> {
    const client = await this.#source.next(options?.signal);
    yield* client.stream(method, params, options);
  }
}
