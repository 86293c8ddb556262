import { systemClock, type Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { RpcClient, ServiceShape } from "../../shared/rpc.ts";
import type { ChildHandle } from "./child-handle.ts";
import { Incarnation, settledWithin } from "./incarnation.ts";
import { SupervisedClient } from "./supervised-client.ts";

export type ProcessState =
  | { readonly status: "starting" }
  | { readonly status: "ready"; readonly pid: number | undefined }
  | {
      readonly status: "restarting";
      readonly failures: number;
      readonly delayMs: number;
      readonly error: AppError;
    }
  | { readonly status: "gave-up"; readonly error: AppError }
  /** Ended to give its memory back; whoever needs it next starts it. */
  | { readonly status: "resting" }
  | { readonly status: "stopped" };

export interface SupervisorLimits {
  readonly heartbeatMs: number;
  /** Silence of a ready process that counts as a hang, unless it announced a longer native call. */
  readonly hangMs: number;
  /** The same for a process that is not ready yet: loading gigabytes blocks it. */
  readonly startMs: number;
  /** The first restart waits this long, each further one in a row twice as long as the one before. */
  readonly backOffMs: number;
  readonly backOffCapMs: number;
  /** Failures in a row after which it is left alone. */
  readonly maxFailures: number;
  /** Time in `ready` after which earlier failures are forgotten. */
  readonly stableMs: number;
  /** How long a process may take to end by itself when told to. */
  readonly stopMs: number;
}

export const defaultLimits: SupervisorLimits = {
  heartbeatMs: 1_000,
  hangMs: 10_000,
  startMs: 120_000,
  backOffMs: 100,
  backOffCapMs: 5_000,
  maxFailures: 5,
  stableMs: 60_000,
  stopMs: 2_000,
};

export interface SupervisorOptions<S extends ServiceShape> {
  /** How messages call the process: "voxtral". */
  readonly name: string;
  readonly spawn: () => ChildHandle;
  /** Brings a fresh process to where it is useful, such as loading its model; runs before it counts as ready. */
  readonly onStart?: (client: RpcClient<S>) => Promise<void>;
  /** Errors of `onStart` that another try cannot mend: the process is given up at once. Default: none. */
  readonly isPermanent?: (error: AppError) => boolean;
  readonly clock?: Clock;
  readonly limits?: Partial<SupervisorLimits>;
}

/**
 * Keeps one model process running: starts it at once, watches it, restarts it with back-off, gives up when it keeps
 * failing. Whatever happens, every pending call settles: with `engine-gone` when the process ended, `engine-hung` when
 * it stopped answering and was ended, `engine-gave-up` when it is no longer restarted, `cancelled` after `stop`.
 */
export class SupervisedProcess<S extends ServiceShape> {
  readonly client: RpcClient<S>;
  readonly #facade: SupervisedClient<S>;
  readonly #options: SupervisorOptions<S>;
  readonly #clock: Clock;
  readonly #limits: SupervisorLimits;
  readonly #listeners = new Set<(state: ProcessState) => void>();
  readonly #waiters = new Set<PromiseWithResolvers<RpcClient<S>>>();
  #state: ProcessState = { status: "starting" };
  #incarnation: Incarnation<S> | undefined;
  /** The pending restart, or the end of the probation of a ready process. */
  #timer: Disposable | undefined;
  #failures = 0;
  /** Processes that have not ended yet: the present one, and those that were killed a moment ago. */
  readonly #exits = new Set<Promise<void>>();
  #stopped: Promise<void> | undefined;

  constructor(options: SupervisorOptions<S>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...defaultLimits, ...options.limits };
    const readyClient = (): RpcClient<S> | undefined =>
      this.#state.status === "ready" ? this.#incarnation?.client : undefined;
    this.#facade = new SupervisedClient<S>({
      get current() {
        return readyClient();
      },
      next: (signal) => this.#next(signal),
    });
    this.client = this.#facade;
    this.#launch();
  }

  get state(): ProcessState {
    return this.#state;
  }

  onState(listener: (state: ProcessState) => void): () => void {
    const entry = (state: ProcessState): void => listener(state);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Resolves when the process is ready; rejects when it was given up or stopped, or with `cancelled`. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.#next(signal);
  }

  /** Starts afresh with a clean record, ending the process if one runs. Throws `unsupported` after `stop`. */
  restart(): void {
    if (this.#stopped)
      throw new AppError("unsupported", `The ${this.#options.name} process was stopped for good.`);
    const ended = new AppError("engine-gone", `The ${this.#options.name} process is being restarted.`);
    this.#leave()?.end(ended);
    this.#failures = 0;
    this.#set({ status: "starting" });
    this.#launch();
  }

  /** Ends a ready process until it is needed: the next call starts it again and waits for it. Never rejects. */
  async rest(): Promise<void> {
    if (this.#state.status !== "ready") return;
    const incarnation = this.#leave();
    this.#set({ status: "resting" });
    await incarnation?.stop(this.#limits.stopMs);
  }

  /** Starts a resting process, so that it is there when it is called. */
  wake(): void {
    if (this.#state.status !== "resting") return;
    this.#set({ status: "starting" });
    this.#launch();
  }

  /** Ends the process for good: asks first, then kills. Resolves when it is gone. Idempotent, never rejects. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const error = new AppError("cancelled", `The ${this.#options.name} process was stopped.`);
    const incarnation = this.#leave();
    this.#set({ status: "stopped" });
    this.#refuse(error);
    await incarnation?.stop(this.#limits.stopMs);
    // A process stuck in a driver cannot even be killed; quitting does not wait for it for ever.
    await settledWithin(this.#clock, this.#limits.stopMs, Promise.all(this.#exits));
  }

  #launch(): void {
    const { name, spawn, onStart } = this.#options;
    let child: ChildHandle;
    try {
      child = spawn();
    } catch (error) {
      this.#failed(AppError.from(error, "engine-gone"));
      return;
    }
    this.#exits.add(child.exited);
    void child.exited.then(() => this.#exits.delete(child.exited));
    const incarnation = new Incarnation<S>({
      name,
      child,
      clock: this.#clock,
      limits: this.#limits,
      onEnd: (error) => this.#ended(incarnation, error),
    });
    this.#incarnation = incarnation;
    this.#facade.attach(incarnation.client);
    void incarnation.start(onStart).then(
      () => this.#isReady(incarnation),
      (error: unknown) => this.#startFailed(incarnation, AppError.from(error)),
    );
  }

  #isReady(incarnation: Incarnation<S>): void {
    if (incarnation !== this.#incarnation) return;
    this.#timer = this.#clock.after(this.#limits.stableMs, () => (this.#failures = 0));
    this.#set({ status: "ready", pid: incarnation.pid });
    for (const waiter of this.#waiters) waiter.resolve(incarnation.client);
    this.#waiters.clear();
  }

  #startFailed(incarnation: Incarnation<S>, error: AppError): void {
    if (incarnation !== this.#incarnation) return;
    this.#leave()?.end(error);
    if (this.#options.isPermanent?.(error)) this.#giveUp(error);
    else this.#failed(error);
  }

  #ended(incarnation: Incarnation<S>, error: AppError): void {
    if (incarnation !== this.#incarnation) return;
    this.#leave();
    this.#failed(error);
  }

  /** Counts a failure and plans what follows. There is no incarnation at this point. */
  #failed(error: AppError): void {
    const { backOffMs, backOffCapMs, maxFailures } = this.#limits;
    this.#failures += 1;
    if (this.#failures >= maxFailures) {
      const sentence = `The ${this.#options.name} process failed ${this.#failures} times in a row and is left alone until you restart it. ${error.message}`;
      this.#giveUp(new AppError("engine-gave-up", sentence, { cause: error, details: error.details }));
      return;
    }
    const delayMs = Math.min(backOffCapMs, backOffMs * 2 ** (this.#failures - 1));
    this.#timer = this.#clock.after(delayMs, () => this.#launch());
    this.#set({ status: "restarting", failures: this.#failures, delayMs, error });
  }

  #giveUp(error: AppError): void {
    this.#set({ status: "gave-up", error });
    this.#refuse(error);
  }

  /** Takes the incarnation out of service; what it reports from now on is of no interest. */
  #leave(): Incarnation<S> | undefined {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const incarnation = this.#incarnation;
    this.#incarnation = undefined;
    return incarnation;
  }

  #refuse(error: AppError): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  async #next(signal: AbortSignal | undefined): Promise<RpcClient<S>> {
    const { name } = this.#options;
    if (this.#state.status === "ready" && this.#incarnation) return this.#incarnation.client;
    if (this.#state.status === "gave-up") throw this.#state.error;
    if (this.#state.status === "stopped") throw new AppError("cancelled", `The ${name} process was stopped.`);
    const cancelled = (): AppError =>
      new AppError("cancelled", `Waiting for the ${name} process was cancelled.`, { cause: signal?.reason });
    if (signal?.aborted) throw cancelled();
    this.wake();
    const waiter = Promise.withResolvers<RpcClient<S>>();
    const onAbort = (): void => waiter.reject(cancelled());
    this.#waiters.add(waiter);
    signal?.addEventListener("abort", onAbort);
    try {
      return await waiter.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #set(state: ProcessState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
