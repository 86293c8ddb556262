/**
 * The shape of a service behind a Port: calls (one answer), streams (many parts, with credits), notices
 * (one way, in order with the calls) and events (broadcast by the server).
 * Write one as a type; `serve` and `connect` keep both ends to it.
 */
export interface ServiceShape {
  calls: Record<string, { params: unknown; result: unknown }>;
  streams: Record<string, { params: unknown; part: unknown }>;
  notices: Record<string, unknown>;
  events: Record<string, unknown>;
}

export interface CallContext {
  /** Aborts when the caller cancels, or when the port closes. */
  readonly signal: AbortSignal;
}

export type Handlers<S extends ServiceShape> = {
  calls: {
    [K in keyof S["calls"]]: (
      params: S["calls"][K]["params"],
      context: CallContext,
    ) => Promise<S["calls"][K]["result"]> | S["calls"][K]["result"];
  };
  streams: {
    [K in keyof S["streams"]]: (
      params: S["streams"][K]["params"],
      context: CallContext,
    ) => AsyncIterable<S["streams"][K]["part"]>;
  };
  notices: { [K in keyof S["notices"]]: (params: S["notices"][K]) => void };
};

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The caller's end. Everything pending rejects with `engine-gone` (or `cancelled`) once the port is closed. */
export interface RpcClient<S extends ServiceShape> {
  call<K extends keyof S["calls"] & string>(
    method: K,
    params: S["calls"][K]["params"],
    options?: CallOptions,
  ): Promise<S["calls"][K]["result"]>;
  stream<K extends keyof S["streams"] & string>(
    method: K,
    params: S["streams"][K]["params"],
    options?: CallOptions,
  ): AsyncIterable<S["streams"][K]["part"]>;
  notify<K extends keyof S["notices"] & string>(method: K, params: S["notices"][K]): void;
  /** Subscribes to a broadcast; returns the function that ends it. */
  on<K extends keyof S["events"] & string>(event: K, listener: (value: S["events"][K]) => void): () => void;
}

/** The server's end. */
export interface RpcServer<S extends ServiceShape> extends Disposable {
  emit<K extends keyof S["events"] & string>(event: K, value: S["events"][K]): void;
}
