import type { Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import { splitPort } from "../../../shared/ports/channels.ts";
import { connect } from "../../../shared/rpc.ts";
import type { ChildHandle } from "../child-handle.ts";
import { processChannels } from "../control.ts";
import { settledWithin } from "../incarnation.ts";
import type { Samples } from "./agreement.ts";
import type { Outcome } from "./outcome.ts";
import type { ProbeParams, ProbeService } from "./probe-service.ts";

/**
 * Longest trial of one provider: reading three gigabytes from a slow disk, compiling hundreds of kernels, and a window of
 * audio on two old cores. A driver that hangs takes all of it, once.
 */
const PROBE_BUDGET_MS = 300_000;

/** A process that was killed is gone by then, or cannot be killed. */
const GONE_MS = 2_000;

export interface ProbeOptions {
  /** Starts the sacrificial process. */
  readonly spawn: () => ChildHandle;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly budgetMs?: number;
}

/** `samples` are there when it got to the end; whether they are right is another's judgement. */
export interface Probed {
  readonly outcome: Outcome;
  readonly samples?: Samples;
  /** False when it would end otherwise tomorrow: memory was short, or the model's files are not right. */
  readonly isLasting: boolean;
}

/**
 * Tries a provider on a model in a process of its own, which is ended afterwards: a crash or a hang in a driver is a
 * result here. Rejects with `cancelled` only.
 */
export async function probe(params: ProbeParams, options: ProbeOptions): Promise<Probed> {
  const { spawn, clock, signal, budgetMs = PROBE_BUDGET_MS } = options;
  const failed = (verdict: Outcome["verdict"], reason: string, isLasting = true): Probed => ({
    outcome: { provider: params.provider, verdict, reason, loadMs: null, costs: {} },
    isLasting,
  });
  signal.throwIfAborted();
  const child = spawn();
  const expiry = new AbortController();
  using _timer = clock.after(budgetMs, () => expiry.abort());
  const abort = AbortSignal.any([signal, expiry.signal]);
  const client = connect<ProbeService>(splitPort(child.port, processChannels)("service"));
  try {
    const { loadMs, costs, samples } = await client.call("measure", params, { signal: abort });
    const outcome = { provider: params.provider, verdict: "works" as const, reason: null, loadMs, costs };
    return { outcome, samples, isLasting: true };
  } catch (error) {
    if (signal.aborted) throw AppError.from(signal.reason, "cancelled");
    if (expiry.signal.aborted) {
      return failed("hung", `It did not finish within ${Math.round(budgetMs / 1000)} s.`);
    }
    const failure = AppError.from(error);
    if (failure.code !== "engine-gone" && failure.code !== "cancelled") {
      return failed("refused", deviceReason(failure), failure.code === "provider-unavailable");
    }
    const { reason } = await child.port.closed;
    return failed("crashed", `It took its process down (${reason}).`);
  } finally {
    client[Symbol.dispose]();
    child.kill();
    child.port[Symbol.dispose]();
    // The next trial, or the model itself, needs its memory. One that is stuck in a driver is not waited for.
    await settledWithin(clock, GONE_MS, child.exited);
  }
}

/** What the device or its library said, without our own sentence around it. */
function deviceReason({ message, details }: AppError): string {
  const hasReason = typeof details === "object" && details !== null && "reason" in details;
  return hasReason && typeof details.reason === "string" ? details.reason : message;
}
