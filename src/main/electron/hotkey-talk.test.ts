import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import type { AppService, Phase } from "../../shared/app-contract.ts";
import { createPortPair } from "../../shared/ports/memory.ts";
import { connect, serve, type Handlers, type RpcServer } from "../../shared/rpc.ts";
import { HotkeyTalk } from "./hotkey-talk.ts";

let cleanUp: DisposableStack;
let calls: [string, unknown][];
let server: RpcServer<AppService>;
let talk: HotkeyTalk;
let clock: ManualClock;
let phases: Phase[];

beforeEach(() => {
  cleanUp = new DisposableStack();
  calls = [];
  phases = [];
  clock = new ManualClock(10_000);
  const [ours, theirs] = createPortPair();
  cleanUp.use(ours);
  const record =
    (name: string, result: unknown) =>
    (params: unknown): unknown => {
      calls.push([name, params]);
      return result;
    };
  // Only what a key can ask for; anything else would be answered with an error and fail the test.
  server = serve<AppService>(theirs, {
    calls: {
      "listen.begin": record("begin", { utteranceId: "u1", conversationId: "c" }),
      "listen.end": record("end", { turnId: "t" }),
      "listen.cancel": record("cancel", {}),
      "turn.interrupt": record("interrupt", {}),
    },
    streams: {},
    notices: {},
  } as unknown as Handlers<AppService>);
  talk = new HotkeyTalk({
    client: cleanUp.use(connect<AppService>(ours)),
    clock,
    tapMs: 250,
    releaseGraceMs: 0,
    onPhase: (phase) => phases.push(phase),
    onError: (error) => calls.push(["error", error.message]),
  });
  cleanUp.use(talk);
});
afterEach(() => cleanUp.dispose());

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const key = (type: "down" | "up", isRepeat = false): void =>
  talk.edge({ type, atMs: clock.nowMs(), isRepeat });
const speaking = async (): Promise<void> => {
  server.emit("state", {
    phase: "speaking",
    conversationId: "c",
    turnId: "t",
    utteranceId: null,
    isMuted: false,
    isHeld: false,
  });
  await settled();
};

describe("R11 the global key talks", () => {
  test("hold: from press to release, with the times of the key and not of the calls", async () => {
    key("down");
    clock.advance(400);
    key("down", true);
    clock.advance(600);
    key("up");
    await settled();
    expect(calls).toEqual([
      ["begin", { source: "hotkey", pressedAtMs: 10_000 }],
      ["end", { utteranceId: "u1", releasedAtMs: 11_000 }],
    ]);
  });

  test("tap, tap: starts and stops", async () => {
    key("down");
    clock.advance(100);
    key("up");
    await settled();
    expect(calls.map(([name]) => name)).toEqual(["begin"]);
    clock.advance(2_000);
    key("down");
    clock.advance(50);
    key("up");
    await settled();
    expect(calls.map(([name]) => name)).toEqual(["begin", "end"]);
  });

  test("R46 pressed while it speaks: stop, and listen", async () => {
    await speaking();
    expect(phases).toEqual(["speaking"]);
    key("down");
    await settled();
    expect(calls.map(([name]) => name)).toEqual(["interrupt", "begin"]);
  });

  test("a key-up that never comes ends the recording after two minutes", async () => {
    key("down");
    clock.advance(119_000);
    await settled();
    expect(calls).toHaveLength(1);
    clock.advance(2_000);
    await settled();
    expect(calls.at(-1)![0]).toBe("end");
  });
});
