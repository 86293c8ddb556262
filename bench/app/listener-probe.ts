import { appendFileSync } from "node:fs";
import { z } from "zod";
import { systemClock } from "../../src/shared/clock.ts";
import type { Arrival } from "./readings.ts";

/**
 * Loaded into the listener process: notes when each block of microphone audio arrives, before the service sees it.
 * `emit` is wrapped because a listener of our own could take messages that come before the service listens.
 */

/** Often enough that the benchmark need not wait, rare enough not to disturb what is measured. */
const FLUSH_EVERY_MS = 200;

/** A `push` as it travels: see `ListenerService`, and `unbox` for the array. */
const pushSchema = z.tuple([
  z.object({
    message: z.object({
      type: z.literal("notice"),
      method: z.literal("push"),
      params: z.object({ samples: z.instanceof(Float32Array) }),
    }),
  }),
]);

const file = new URL(import.meta.url).searchParams.get("arrivals") ?? "";
let fresh: Arrival[] = [];

// oxlint-disable-next-line typescript/unbound-method -- the proxy passes `this` on
process.emit = new Proxy(process.emit, {
  apply(emit, self, values: unknown[]) {
    const [event, message] = values;
    if (event === "message") note(message);
    return Reflect.apply(emit, self, values);
  },
});
setInterval(flush, FLUSH_EVERY_MS).unref();

function note(boxed: unknown): void {
  const atMs = systemClock.nowMs();
  const push = pushSchema.safeParse(boxed).data;
  if (push === undefined) return;
  const { samples } = push[0].message.params;
  fresh.push({ atMs, first: samples[0] ?? 0, samples: samples.length });
}

function flush(): void {
  if (fresh.length === 0) return;
  appendFileSync(file, fresh.map((arrival) => `${JSON.stringify(arrival)}\n`).join(""));
  fresh = [];
}
