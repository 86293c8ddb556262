import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { PortClosed } from "../../shared/port.ts";
import { splitPort } from "../../shared/ports/channels.ts";
import { connect, type RpcClient, type ServiceShape } from "../../shared/rpc.ts";
import type { ChildHandle } from "./child-handle.ts";
import { processChannels, type ControlService } from "./control.ts";
import { Heartbeat } from "./heartbeat.ts";

export interface IncarnationOptions {
  readonly name: string;
  readonly child: ChildHandle;
  readonly clock: Clock;
  readonly limits: { readonly heartbeatMs: number; readonly hangMs: number; readonly startMs: number };
  /** Called once when the process has ended or hung, unless `end` or `stop` was called before. */
  readonly onEnd: (error: AppError) => void;
}

/** Waits for `work`, but no longer than `limitMs`. */
export async function settledWithin(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  using _timer = clock.after(limitMs, resolve);
  await Promise.race([work, expired]);
}

/** One life of a supervised process, from its start to its end. */
export class Incarnation<S extends ServiceShape> {
  readonly client: RpcClient<S> & Disposable;
  readonly #name: string;
  readonly #child: ChildHandle;
  readonly #clock: Clock;
  readonly #control: RpcClient<ControlService> & Disposable;
  readonly #heartbeat: Heartbeat;
  #onEnd: ((error: AppError) => void) | undefined;
  /** Why it was ended; also what its pending calls are told. */
  #error: AppError | undefined;
  /** What the process said about its own end. */
  #fault: string | undefined;

  constructor({ name, child, clock, limits, onEnd }: IncarnationOptions) {
    this.#name = name;
    this.#child = child;
    this.#clock = clock;
    this.#onEnd = onEnd;
    const channel = splitPort(child.port, processChannels);
    this.client = connect<S>(channel("service"), { closedError: (closed) => this.#closedError(closed) });
    this.#control = connect<ControlService>(channel("control"));
    this.#heartbeat = new Heartbeat({
      clock,
      everyMs: limits.heartbeatMs,
      hangMs: limits.hangMs,
      startMs: limits.startMs,
      ping: () => this.#ping(),
      onHang: (silentMs, op) => this.#hung(silentMs, op),
    });
    child.port.onMessage(() => this.#heartbeat.alive());
    this.#control.on("busy", (busy) => this.#heartbeat.busy(busy));
    this.#control.on("fault", ({ message }) => (this.#fault = message));
    void child.port.closed.then((closed) => this.#finish(this.#closedError(closed)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits until the process answers, then runs `onStart`. Rejects with its error, or when the process ends. */
  async start(onStart: ((client: RpcClient<S>) => Promise<void>) | undefined): Promise<void> {
    await this.#control.call("ping", null);
    await onStart?.(this.client);
    this.#heartbeat.ready();
  }

  /** Ends the process at once; its pending calls reject with `error`. */
  end(error: AppError): void {
    this.#onEnd = undefined;
    this.#finish(error);
  }

  /** Cancels what is pending, asks the process to end, and kills it when that takes longer than `graceMs`. It may
   *  still be ending when this resolves. */
  async stop(graceMs: number): Promise<void> {
    this.#onEnd = undefined;
    this.#heartbeat[Symbol.dispose]();
    this.client[Symbol.dispose]();
    this.#control.notify("stop", null);
    await settledWithin(this.#clock, graceMs, this.#child.exited);
    this.#child.kill();
    this.#child.port[Symbol.dispose]();
  }

  #ping(): void {
    // A ping that fails says nothing new: the port is closed, and its closing is handled.
    this.#control.call("ping", null).catch(() => {});
  }

  #hung(silentMs: number, op: string | undefined): void {
    const doing = op === undefined ? "" : ` during ${op}`;
    const sentence = `The ${this.#name} process did not answer for ${Math.round(silentMs / 1000)} s${doing} and was ended.`;
    this.#finish(
      new AppError("engine-hung", sentence, { details: { silentMs, op, output: this.#child.output() } }),
    );
  }

  #finish(error: AppError): void {
    this.#error ??= error;
    this.#heartbeat[Symbol.dispose]();
    this.#child.kill();
    this.#child.port[Symbol.dispose]();
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(this.#error);
  }

  #closedError({ reason }: PortClosed): AppError {
    const sentence = `The ${this.#name} process ended unexpectedly: ${this.#fault ?? reason}.`;
    const details = { reason, output: this.#child.output() };
    return (this.#error ??= new AppError("engine-gone", sentence, { details }));
  }
}
