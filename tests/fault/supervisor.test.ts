import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { forkChild } from "../../src/main/models/fork-port.ts";
import {
  SupervisedProcess,
  defaultLimits,
  type ProcessState,
  type SupervisorOptions,
} from "../../src/main/models/supervisor.ts";
import { collect } from "../support/collect.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { ProbeService } from "../support/probe-service.ts";
import { isAlive } from "../support/processes.ts";

const support = (file: string) => new URL(`../support/${file}`, import.meta.url);
const code = (expected: string) => expect.objectContaining({ code: expected });

/** A supervised real process; every pid it ever had, and whether one lives, for the check that none is left. */
function startProbe(
  options: Partial<SupervisorOptions<ProbeService>> & { args?: string[]; file?: () => string } = {},
) {
  const pids: number[] = [];
  const probe = new SupervisedProcess<ProbeService>({
    name: "probe",
    spawn: () => {
      const child = forkChild(support(options.file?.() ?? "probe-process.ts"), options.args ?? []);
      if (child.pid !== undefined) pids.push(child.pid);
      return child;
    },
    ...options,
  });
  onTestFinished(async () => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGCONT");
    await probe.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });
  return { probe, pids };
}

/** Resolves with the next state of this status, or the present one. */
function reached(
  probe: SupervisedProcess<ProbeService>,
  status: ProcessState["status"],
): Promise<ProcessState> {
  const { promise, resolve } = Promise.withResolvers<ProcessState>();
  const check = (state: ProcessState) => state.status === status && resolve(state);
  const remove = probe.onState(check);
  check(probe.state);
  return promise.finally(remove);
}

test("R62 killed in the middle of a call: the call fails, the process restarts, the next call works", async () => {
  const { probe, pids } = startProbe();
  await probe.ready();
  const parts = probe.client.stream("numbers", { count: 1e9 })[Symbol.asyncIterator]();
  await parts.next();
  const outcome = expect(probe.client.call("never", null)).rejects.toThrow(code("engine-gone"));
  process.kill(pids[0]!, "SIGKILL");
  await outcome;
  const rest = async () => {
    while (!(await parts.next()).done);
  };
  await expect(rest()).rejects.toThrow(/SIGKILL/);
  expect(probe.state).toMatchObject({ status: "restarting", failures: 1, delayMs: 100 });
  expect(await probe.client.call("echo", "again")).toBe("again");
  expect(await collect(probe.client.stream("numbers", { count: 3 }))).toEqual([0, 1, 2]);
});

test("R21 at rest it has no process; the next call starts one, prepared as before", async () => {
  let starts = 0;
  const { probe, pids } = startProbe({ onStart: async () => void starts++ });
  await probe.rest();
  expect(probe.state.status).toBe("starting");
  await probe.ready();
  await probe.rest();
  expect(probe.state).toEqual({ status: "resting" });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await probe.client.call("echo", "awake")).toBe("awake");
  expect(pids).toHaveLength(2);
  expect(starts).toBe(2);
  // Woken in advance, and once only.
  await probe.rest();
  probe.wake();
  probe.wake();
  await probe.ready();
  expect(pids).toHaveLength(3);
});

test("R62 killed twice: onStart is replayed each time, subscriptions hold", async () => {
  const loaded: number[] = [];
  const { probe, pids } = startProbe({
    onStart: async (client) => void loaded.push(await client.call("load", null)),
  });
  const noted: string[] = [];
  probe.client.on("noted", (text) => noted.push(text));
  for (let kills = 0; kills < 2; kills++) {
    await probe.ready();
    const outcome = expect(probe.client.call("never", null)).rejects.toThrow(code("engine-gone"));
    process.kill(pids.at(-1)!, "SIGKILL");
    await outcome;
  }
  await probe.ready();
  probe.client.notify("note", "still here");
  await probe.client.call("notes", null);
  expect(noted).toEqual(["still here"]);
  expect(loaded).toEqual(pids);
  expect(new Set(pids).size).toBe(3);
});

test("R62 a crash is explained by its own words", async () => {
  const { probe } = startProbe();
  const error: unknown = await probe.client
    .call("crash", { message: "the roof fell in" })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "engine-gone", message: expect.stringContaining("the roof fell in") });
  expect(error).toMatchObject({ details: { reason: "exit code 1" } });
  expect(error).toMatchObject({ details: { output: expect.arrayContaining(["last words on stderr"]) } });
});

test("R62 a stopped process is taken for hung, killed and replaced; the call settles", async () => {
  const clock = new ManualClock();
  const { probe, pids } = startProbe({ clock });
  await probe.ready();
  process.kill(pids[0]!, "SIGSTOP");
  const outcome = expect(probe.client.call("echo", 1)).rejects.toThrow(code("engine-hung"));
  clock.advance(defaultLimits.hangMs);
  expect(probe.state.status).toBe("ready");
  clock.advance(defaultLimits.heartbeatMs);
  await outcome;
  await vi.waitFor(() => expect(isAlive(pids[0]!)).toBe(false), { timeout: 10_000 });
  clock.advance(defaultLimits.backOffMs);
  expect(await probe.client.call("echo", 2)).toBe(2);
});

test("a healthy process is never taken for hung", async () => {
  const clock = new ManualClock();
  const { probe, pids } = startProbe({ clock });
  await probe.ready();
  for (let beat = 0; beat < 50; beat++) {
    clock.advance(defaultLimits.heartbeatMs);
    await probe.client.call("echo", beat);
  }
  expect(probe.state).toEqual({ status: "ready", pid: pids[0] });
});

test("an announced native call may take its budget, and no longer", async () => {
  const clock = new ManualClock();
  const { probe } = startProbe({ clock });
  await probe.ready();
  const blocking = Promise.withResolvers<string>();
  probe.client.on("noted", blocking.resolve);
  const call = probe.client.call("block", { forMs: 600_000, budgetMs: 60_000 });
  const outcome = expect(call).rejects.toMatchObject({
    code: "engine-hung",
    message: expect.stringContaining("block"),
  });
  await blocking.promise;
  clock.advance(60_000);
  expect(probe.state.status).toBe("ready");
  clock.advance(2 * defaultLimits.heartbeatMs);
  await outcome;
});

test("R62 gives up after five failures in a row, with growing pauses, and starts again by hand", async () => {
  const clock = new ManualClock();
  let file = "not-there.ts";
  const { probe, pids } = startProbe({ clock, file: () => file });
  const waiting = expect(probe.client.call("echo", 1)).rejects.toThrow(code("engine-gave-up"));
  const delays: number[] = [];
  while (delays.length < 4) {
    const state = await reached(probe, "restarting");
    if (state.status === "restarting") delays.push(state.delayMs);
    clock.advance(delays.at(-1)!);
    // The new process is under way: its state stays until it fails or is ready.
    await vi.waitFor(() => expect(pids).toHaveLength(delays.length + 1));
    await new Promise<void>((resolve) => {
      const remove = probe.onState(() => (remove(), resolve()));
    });
  }
  expect(delays).toEqual([100, 200, 400, 800]);
  expect(probe.state.status).toBe("gave-up");
  await waiting;
  await expect(probe.client.call("echo", 1)).rejects.toThrow(code("engine-gave-up"));
  await expect(probe.ready()).rejects.toThrow(/5 times in a row/);
  expect(pids).toHaveLength(5);
  file = "probe-process.ts";
  probe.restart();
  expect(await probe.client.call("echo", "by hand")).toBe("by hand");
});

test("failures long ago are forgotten", async () => {
  const clock = new ManualClock();
  const { probe, pids } = startProbe({ clock, limits: { heartbeatMs: 1e9 } });
  const failuresAfterKill = async () => {
    await probe.ready();
    process.kill(pids.at(-1)!, "SIGKILL");
    const state = await reached(probe, "restarting");
    clock.advance(defaultLimits.backOffCapMs);
    return state.status === "restarting" && state.failures;
  };
  expect(await failuresAfterKill()).toBe(1);
  expect(await failuresAfterKill()).toBe(2);
  await probe.ready();
  clock.advance(defaultLimits.stableMs);
  expect(await failuresAfterKill()).toBe(1);
});

test("R62 what another try cannot mend is not tried again", async () => {
  const { probe, pids } = startProbe({
    args: ["model-missing"],
    onStart: async (client) => void (await client.call("load", null)),
    isPermanent: (error) => error.code === "model-missing",
  });
  await expect(probe.ready()).rejects.toThrow(code("model-missing"));
  expect(probe.state).toMatchObject({ status: "gave-up", error: { code: "model-missing" } });
  await expect(probe.client.call("echo", 1)).rejects.toThrow(code("model-missing"));
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false]), { timeout: 10_000 });
});

test("waiting for a process can be cancelled", async () => {
  const { probe } = startProbe({ onStart: () => new Promise<never>(() => {}) });
  const abort = new AbortController();
  const outcomes = [
    probe.client.call("echo", 1, { signal: abort.signal }),
    collect(probe.client.stream("numbers", { count: 1 }, { signal: abort.signal })),
  ].map((wait) => expect(wait).rejects.toThrow(code("cancelled")));
  abort.abort();
  await Promise.all(outcomes);
});

test("R8 stop cancels what is pending and leaves no process, even of a stopped one; twice is once", async () => {
  const clock = new ManualClock();
  const { probe, pids } = startProbe({ clock });
  await probe.ready();
  const outcome = expect(probe.client.call("never", null)).rejects.toThrow(code("cancelled"));
  process.kill(pids[0]!, "SIGSTOP");
  const stopped = probe.stop();
  expect(probe.stop()).toBe(stopped);
  await outcome;
  expect(isAlive(pids[0]!)).toBe(true);
  clock.advance(defaultLimits.stopMs);
  await stopped;
  expect(isAlive(pids[0]!)).toBe(false);
  expect(probe.state).toEqual({ status: "stopped" });
  await expect(probe.client.call("echo", 1)).rejects.toThrow(code("cancelled"));
  expect(() => probe.restart()).toThrow(code("unsupported"));
  expect(clock.pendingTimers).toBe(0);
});

test("R8 stop while it starts, and while it waits for a restart", async () => {
  const clock = new ManualClock();
  const starting = startProbe({ clock });
  await starting.probe.stop();
  const restarting = startProbe({ clock });
  await restarting.probe.ready();
  process.kill(restarting.pids[0]!, "SIGKILL");
  await reached(restarting.probe, "restarting");
  await restarting.probe.stop();
  expect(clock.pendingTimers).toBe(0);
  expect([...starting.pids, ...restarting.pids].filter(isAlive)).toEqual([]);
});

test.for([
  ["idle", []],
  ["in a native call", ["--block"]],
] as const)("R8 when the main process is killed, a child that is %s ends by itself", async ([, args]) => {
  const main = spawn(process.execPath, [fileURLToPath(support("probe-parent.ts")), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void main.kill("SIGKILL"));
  const [line]: unknown[] = await once(main.stdout, "data");
  const pid = Number(String(line));
  expect(isAlive(pid)).toBe(true);
  main.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
});

test("R60 a child sees the allowed part of our environment, with telemetry off", async () => {
  vi.stubEnv("HF_TOKEN", "hf_secret");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("ORT_DISABLE_TELEMETRY", "0");
  vi.stubEnv("CUDA_VISIBLE_DEVICES", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { probe } = startProbe();
  const env = await probe.client.call("env", null);
  expect(env).toMatchObject({
    ORT_DISABLE_TELEMETRY: "1",
    CUDA_VISIBLE_DEVICES: "0",
    PATH: process.env["PATH"],
  });
  expect(Object.values(env).filter((value) => value?.includes("secret"))).toEqual([]);
});
