import { beforeEach, describe, expect, test } from "vitest";
import type { AppService } from "../../shared/app-contract.ts";
import type { TurnEvent } from "../../shared/contract.ts";
import { createPortPair } from "../../shared/ports/memory.ts";
import { connect, serve, type Handlers, type RpcServer } from "../../shared/rpc.ts";
import { latencyRecord } from "../../../tests/renderer/latency-record.ts";
import { scriptedConversation, scriptedSnapshot } from "../../../tests/renderer/scripted-data.ts";
import { figuresOf } from "../stores/live-turn.ts";
import { createStores, type Stores } from "../stores/stores.ts";
import { projectEvents, projectSnapshot } from "./project-events.ts";

let stores: Stores;
let main: RpcServer<AppService>;
let heard: string[];
let notices: string[];

/** Real rpc over a port pair; only the sound is recorded instead of played. */
beforeEach(() => {
  stores = createStores();
  heard = [];
  notices = [];
  const [page, theirs] = createPortPair();
  main = serve<AppService>(theirs, {
    calls: {},
    streams: {},
    notices: {},
  } as unknown as Handlers<AppService>);
  projectEvents(connect<AppService>(page), {
    stores,
    sound: {
      play: ({ chunkId }) => heard.push(`play ${chunkId}`),
      complete: (turnId) => heard.push(`complete ${turnId}`),
      stop: (turnId, fadeMs) => heard.push(`stop ${turnId} ${fadeMs}`),
      setGain: (turnId, gain, fadeMs) => heard.push(`gain ${turnId} ${gain} ${fadeMs}`),
      wake: () => heard.push("wake"),
      earcon: (earcon) => heard.push(`earcon ${earcon}`),
    },
    notify: (level, message) => notices.push(`${level}: ${message}`),
    refreshList: () => notices.push("refresh"),
    usesRemoteLevel: false,
  });
  projectSnapshot(stores, scriptedSnapshot(), 0);
});

const arrived = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function open(turnId: string, replaces?: string): void {
  main.emit("turn.opened", {
    turnId,
    conversationId: "conversation-1",
    input: "voice",
    userText: null,
    userAudioMs: 900,
    ...(replaces === undefined ? {} : { replaces }),
  });
}

function token(turnId: string, index: number, text: string, tMs: number): TurnEvent {
  return {
    type: "token",
    turnId,
    index,
    id: index,
    text,
    tMs,
    sincePreviousMs: index === 0 ? null : 10 * index,
  };
}

function finished(turnId: string, outcome: "completed" | "interrupted" | "failed", reply: string): TurnEvent {
  const { metrics, queue } = latencyRecord();
  return { type: "turn-finished", turnId, outcome, reply, metrics, queue };
}

describe("projectEvents", () => {
  test("R14 tokens make the reply and the running figures, the finished turn has the engine's own", async () => {
    open("t");
    for (const [index, text] of ["It", "'s", " blue", "."].entries()) {
      main.emit("turn", token("t", index, text, 60 + index * 20));
    }
    await arrived();
    const { live } = stores.turn.getState();
    expect(live?.reply).toBe("It's blue.");
    expect(live && figuresOf(live)).toEqual({
      firstTokenMs: 60,
      firstWordMs: 100,
      firstAudioMs: null,
      interTokenMs: 20,
    });
    main.emit("turn", finished("t", "completed", "It's blue."));
    await arrived();
    const done = stores.turn.getState().live;
    expect(done && figuresOf(done)).toEqual({
      firstTokenMs: 61,
      firstWordMs: 74,
      firstAudioMs: 182,
      interTokenMs: 11,
    });
  });

  test("R16 an interrupted turn is kept as far as it was heard; its words follow with the transcript", async () => {
    open("t");
    main.emit("turn", token("t", 0, "It is blue because", 60));
    main.emit("turn", finished("t", "interrupted", "It is"));
    main.emit("transcript", { turnId: "t", text: "What colour is the sky?" });
    await arrived();
    const turn = stores.conversations.getState().current?.turns.at(-1);
    expect(turn).toMatchObject({
      id: "t",
      reply: "It is",
      outcome: "interrupted",
      userText: "What colour is the sky?",
      index: scriptedConversation().turns.length,
    });
  });

  test("R17 a regenerated answer takes the place of the old one", async () => {
    open("new", "turn-2");
    main.emit("turn", finished("new", "completed", "Another answer."));
    await arrived();
    const ids = stores.conversations.getState().current?.turns.map(({ id }) => id);
    expect(ids).not.toContain("turn-2");
    expect(ids?.at(-1)).toBe("new");
  });

  test("R4 events of a turn that is over change nothing", async () => {
    open("old");
    open("new");
    main.emit("turn", token("old", 0, "late", 900));
    main.emit("turn", finished("old", "completed", "late"));
    await arrived();
    expect(stores.turn.getState().live).toMatchObject({ turnId: "new", reply: "", outcome: null });
    expect(stores.conversations.getState().current?.turns.some(({ id }) => id === "old")).toBe(false);
  });

  test("R5 audio, its end and a stop reach the player in order", async () => {
    open("t");
    main.emit("audio.end", { turnId: "t", samples: 10 });
    main.emit("player.stop", { turnId: "t", fadeMs: 10 });
    main.emit("turn", finished("t", "failed", ""));
    main.emit("notice", { level: "warning", message: "Take care." });
    main.emit("conversations.changed", {});
    await arrived();
    expect(heard).toEqual(["wake", "complete t", "stop t 10", "earcon error"]);
    expect(notices).toEqual(["warning: Take care.", "refresh"]);
  });

  test("R13 a hold, and the sound that tells when the answer goes on", async () => {
    const { state } = scriptedSnapshot();
    const speaking = { ...state, phase: "speaking", turnId: "t" } as const;
    main.emit("player.gain", { turnId: "t", gain: 0, fadeMs: 10 });
    main.emit("state", { ...speaking, isHeld: true });
    main.emit("player.gain", { turnId: "t", gain: 1, fadeMs: 80 });
    main.emit("state", speaking);
    await arrived();
    expect(heard).toEqual(["gain t 0 10", "gain t 1 80", "earcon resumed"]);
  });

  test("R13 a running pause is shown as long as it is listened to", async () => {
    const { state } = scriptedSnapshot();
    const endpoint = { pausedAtMs: 1000, endPauseMs: 700 };
    main.emit("state", { ...state, phase: "listening", utteranceId: "u" });
    main.emit("endpoint", endpoint);
    await arrived();
    expect(stores.assistant.getState().endpoint).toEqual(endpoint);
    main.emit("state", { ...state, phase: "thinking", turnId: "t" });
    await arrived();
    expect(stores.assistant.getState().endpoint).toBeNull();
    expect(heard).toEqual(["earcon listen", "earcon sent"]);
  });

  test("R13 what is voice is main's word also where the level is this page's own", async () => {
    stores.level.setState({ rms: 0.2, peak: 0.4, speech: 0 });
    main.emit("level", { rms: 0.01, peak: 0.02, speech: 0.9 });
    await arrived();
    expect(stores.level.getState()).toEqual({ rms: 0.2, peak: 0.4, speech: 0.9 });
  });

  test("R13 a greeting while muted makes no sound", async () => {
    const snapshot = scriptedSnapshot();
    projectSnapshot(stores, { ...snapshot, state: { ...snapshot.state, isMuted: true } }, 0);
    await arrived();
    expect(stores.assistant.getState().isMuted).toBe(true);
    expect(heard).toEqual([]);
  });

  test("R62 after a reconnection the greeting replaces everything that is now out of date", () => {
    stores.assistant.setState({ phase: "speaking", turnId: "gone" });
    stores.connection.setState({ status: "lost", message: "Parley is not running." });
    projectSnapshot(stores, scriptedSnapshot(), 12);
    expect(stores.assistant.getState()).toMatchObject({ phase: "idle", turnId: null });
    expect(stores.connection.getState()).toMatchObject({ status: "open", message: null, clockOffsetMs: 12 });
  });
});
