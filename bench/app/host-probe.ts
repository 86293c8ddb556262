import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { LoopDelay } from "./readings.ts";

/**
 * Loaded into the host by `node --import` and never by the product: measures the delay of main's event loop, and has
 * the listener process load a probe of its own. Answers each message on the channel to the benchmark with the delays
 * since the one before, in milliseconds.
 */

/** Resolution of the monitor; its samples include it. */
const RESOLUTION_MS = 1;

const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
lag.enable();
process.on("message", () => {
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  const delay: LoopDelay = {
    p50Ms: beyond(lag.percentile(50)),
    p99Ms: beyond(lag.percentile(99)),
    maxMs: beyond(lag.max),
  };
  lag.reset();
  process.send?.(delay);
});
// The channel must not keep a host alive that was told to stop.
process.channel?.unref();

const arrivals = new URL(import.meta.url).searchParams.get("arrivals") ?? "";
const listenerProbe = new URL("listener-probe.ts", import.meta.url);
listenerProbe.searchParams.set("arrivals", arrivals);
childProcess.fork = new Proxy(childProcess.fork, {
  apply(fork, self, values: unknown[]) {
    const [module, parameters, options] = values;
    const isListener = Array.isArray(parameters) && parameters[0] === "listener";
    const withProbe = { ...Object(options), execArgv: ["--import", listenerProbe.href] };
    return Reflect.apply(fork, self, isListener ? [module, parameters, withProbe] : values);
  },
});
// Modules that say `import { fork }` see the change too.
syncBuiltinESMExports();
