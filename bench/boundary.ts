import { forkChild } from "../src/main/models/fork-port.ts";
import { SupervisedProcess } from "../src/main/models/supervisor.ts";
import { percentile } from "../src/shared/metrics.ts";
import type { ProbeService } from "../tests/support/probe-service.ts";

/**
 * What the boundary to a model process costs: `node bench/boundary.ts`. Prints milliseconds of a round trip by size of
 * the Float32Array that goes there and back, the time between streamed parts, and the start of a process.
 */
const startedMs = performance.now();
const probe = new SupervisedProcess<ProbeService>({
  name: "probe",
  spawn: () => forkChild(new URL("../tests/support/probe-process.ts", import.meta.url), []),
});
await probe.ready();
console.log(`process ready after ${(performance.now() - startedMs).toFixed(0)} ms`);

/** Milliseconds of `runs` sequential calls of `measured`, after a tenth as many to warm up. */
async function times(runs: number, measured: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < runs / 10; i++) await measured();
  const all: number[] = [];
  for (let i = 0; i < runs; i++) {
    const beginMs = performance.now();
    await measured();
    all.push(performance.now() - beginMs);
  }
  return all;
}

function line(name: string, all: readonly number[], extra = ""): void {
  const [p50, p95] = [percentile(all, 0.5), percentile(all, 0.95)];
  console.log(
    `${name.padEnd(28)} p50 ${p50.toFixed(3)} ms  p95 ${p95.toFixed(3)} ms  n ${all.length}  ${extra}`,
  );
}

for (const [bytes, runs] of [
  [0, 2000],
  [2_048, 2000], // 32 ms of microphone audio
  [96_000, 500], // one second of speech
  [1_048_576, 200],
  [8_388_608, 20],
] as const) {
  const samples = new Float32Array(bytes / 4);
  const all = await times(runs, () => probe.client.call("echo", samples));
  const megabytesPerSecond = (2 * bytes) / 1e6 / (percentile(all, 0.5) / 1000);
  line(
    `round trip of ${bytes} bytes`,
    all,
    bytes > 0 ? `${megabytesPerSecond.toFixed(0)} MB/s both ways` : "",
  );
}

const gaps: number[] = [];
let previousMs = performance.now();
for await (const _part of probe.client.stream("numbers", { count: 20_000 })) {
  const nowMs = performance.now();
  gaps.push(nowMs - previousMs);
  previousMs = nowMs;
}
const partsPerSecond = gaps.length / (gaps.reduce((a, b) => a + b, 0) / 1000);
line("between streamed parts", gaps, `${partsPerSecond.toFixed(0)} parts/s`);
await probe.stop();
