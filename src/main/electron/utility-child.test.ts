import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { utilityChild } from "./utility-child.ts";

function setUp(pid: number | undefined) {
  const child = Object.assign(new EventEmitter(), {
    pid,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    postMessage: vi.fn(),
    kill: vi.fn(() => true),
  });
  const killHard = vi.fn();
  return { child, killHard, handle: utilityChild(child, killHard) };
}

describe("R44 model processes in Electron", () => {
  test("carries messages both ways, in order and whole", async () => {
    const { child, handle } = setUp(7);
    const seen: unknown[] = [];
    child.emit("message", { early: 1 });
    handle.port.onMessage((message) => seen.push(message));
    await Promise.resolve();
    child.emit("message", new Float32Array([1, 2]));
    expect(seen).toEqual([{ early: 1 }, new Float32Array([1, 2])]);
    handle.port.post({ to: "child" });
    expect(child.postMessage).toHaveBeenCalledExactlyOnceWith({ to: "child" });
  });

  test("R62 its exit closes the port with the code, settles `exited`, and silences later posts", async () => {
    const { child, handle } = setUp(7);
    child.emit("exit", 139);
    expect(await handle.port.closed).toEqual({ by: "peer", reason: "exit code 139" });
    await handle.exited;
    handle.port.post("late");
    expect(child.postMessage).not.toHaveBeenCalled();
  });

  test("R62 a kill goes by process id, since a process in a native call ignores SIGTERM", () => {
    const started = setUp(4321);
    started.handle.kill();
    expect(started.killHard).toHaveBeenCalledExactlyOnceWith(4321);
    const unstarted = setUp(undefined);
    unstarted.handle.kill();
    expect(unstarted.child.kill).toHaveBeenCalledOnce();
  });

  test("keeps the last lines it wrote", async () => {
    const { child, handle } = setUp(7);
    child.stderr.end("first\nlast words\n");
    await new Promise((resolve) => child.stderr.on("end", resolve));
    expect(handle.output()).toEqual(["first", "last words"]);
  });
});
