import { expect, onTestFinished, test } from "vitest";
import type { ChildHandle, ModelKind, ProcessKind } from "../../src/main/models/child-handle.ts";
import { startEngine, type Engine } from "../../src/main/models/engine.ts";
import { forkChild } from "../../src/main/models/fork-port.ts";
import { isAlive } from "../support/processes.ts";

const params = { modelDir: "resources/models/nano", provider: "cpu", threads: 1 } as const;

/** An engine whose processes are probes; `errors` says which of them refuse to load, and with what. */
function startProbes(errors: Partial<Record<ModelKind, string>>): {
  engine: Engine;
  pids: Record<ModelKind, number[]>;
} {
  const pids: Record<ModelKind, number[]> = { listener: [], voxtral: [], kokoro: [] };
  const spawn = (kind: ProcessKind): ChildHandle => {
    if (kind === "probe") throw new Error("nothing here is worth a trial");
    const error = errors[kind];
    const url = new URL("../support/probe-process.ts", import.meta.url);
    const child = forkChild(url, error === undefined ? [] : [error]);
    if (child.pid !== undefined) pids[kind].push(child.pid);
    return child;
  };
  const engine = startEngine({ models: { voxtral: params, kokoro: params }, spawn });
  onTestFinished(() => engine.dispose());
  return { engine, pids };
}

test("R62 a model that cannot be loaded is reported at once, the others come up, dispose ends all", async () => {
  const { engine, pids } = startProbes({ voxtral: "model-corrupt" });
  const kokoroReady = Promise.withResolvers<void>();
  engine.onState((kind, { status }) => kind === "kokoro" && status === "ready" && kokoroReady.resolve());
  await expect(engine.ready).rejects.toThrow(expect.objectContaining({ code: "model-corrupt" }));
  expect(engine.states.voxtral).toMatchObject({ status: "gave-up", error: { code: "model-corrupt" } });
  expect(pids.voxtral).toHaveLength(1);
  await kokoroReady.promise;
  expect(engine.infos).toEqual({ kokoro: pids.kokoro[0] });
  await engine.dispose();
  await engine.dispose();
  expect(Object.values(pids).flat().filter(isAlive)).toEqual([]);
  expect(engine.states.kokoro.status).toBe("stopped");
});
