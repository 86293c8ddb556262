import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import type { Phase } from "./app-contract.ts";
import { GestureClassifier, type GestureConfig, type GestureInput } from "./gesture.ts";

/** A recorded key stream in one line: `d` down, `r` auto-repeated down, `u` up, `b` blur, `e` escape, `t` tick. */
function replay(
  stream: string,
  phases: Phase | Phase[] = "idle",
  config: Partial<GestureConfig> = {},
): string {
  const classifier = new GestureClassifier({ tapMs: 250, ...config });
  const types = { d: "down", r: "down", u: "up", b: "blur", e: "escape", t: "tick" } as const;
  return stream
    .split(" ")
    .flatMap((token, index) => {
      const key = token[0] as keyof typeof types;
      const atMs = Number(token.slice(1));
      const input = { type: types[key], atMs, repeat: key === "r" } as GestureInput;
      const phase = typeof phases === "string" ? phases : (phases[index] ?? phases.at(-1) ?? "idle");
      return classifier.handle(input, phase).map((action) => `${action.type}@${action.atMs}`);
    })
    .join(" ");
}

describe("GestureClassifier", () => {
  test.each([
    ["hold", "d0 u900", "begin@0 end@900"],
    ["hold of exactly the tap time", "d0 u250", "begin@0 end@250"],
    ["tap, talk, tap", "d0 u120 d4000 u4100", "begin@0 end@4000"],
    ["hold with auto-repeat as browsers mark it", "d0 r500 r533 r566 r600 u700", "begin@0 end@700"],
    ["two holds in a row", "d0 u600 d2000 u2600", "begin@0 end@600 begin@2000 end@2600"],
    ["tap, tap, hold", "d0 u100 d900 u950 d2000 u2800", "begin@0 end@900 begin@2000 end@2800"],
    ["an up without a down", "u100 d200 u900", "begin@200 end@900"],
    ["a repeat without its down", "r100 u150", ""],
  ])("R11 %s", (_, stream, actions) => {
    expect(replay(stream)).toBe(actions);
  });

  test.each([
    ["hold while it speaks", "d0 u900", "speaking", "interrupt@0 begin@0 end@900"],
    ["hold while it thinks", "d0 u900", "thinking", "interrupt@0 begin@0 end@900"],
    ["tap while it speaks stops it and listens on", "d0 u90", "speaking", "interrupt@0 begin@0"],
  ] as const)("R11 %s", (_, stream, phase, actions) => {
    expect(replay(stream, phase)).toBe(actions);
  });

  test.each([
    ["a lost key-up is made good by the next press", "d0 d5000 u5100", "begin@0 end@5000"],
    [
      "the up of the press that ended is lost too",
      "d0 u100 d900 d3000 u3600",
      "begin@0 end@900 begin@3000 end@3600",
    ],
    ["focus lost while holding ends what was said", "d0 b800 u5000", "begin@0 end@800"],
    ["focus lost right after the press forgets it", "d0 b80 u5000", "begin@0 cancel@80"],
    ["focus lost between taps changes nothing", "d0 u100 b500 d3000 u3080", "begin@0 end@3000"],
    ["a key stuck down ends at the limit", "d0 r500 t10000 r10033 u20000", "begin@0 end@10000"],
    ["a forgotten tap ends at the limit", "d0 u100 t10000", "begin@0 end@10000"],
    ["a tick before the limit does nothing", "d0 t9999 u9999", "begin@0 end@9999"],
    ["escape while holding", "d0 e400 r433 u800 d2000 u2500", "begin@0 cancel@400 begin@2000 end@2500"],
    ["escape after a tap", "d0 u100 e2000 d3000 u3500", "begin@0 cancel@2000 begin@3000 end@3500"],
    ["escape with nothing to cancel", "e100", ""],
  ])("R11 %s", (_, stream, actions) => {
    expect(replay(stream, "idle", { maxListenMs: 10_000 })).toBe(actions);
  });

  test.each([
    ["a held key under X11 repeats as up/down pairs", "d0 u500 d501 u533 d534 u900 t950", "begin@0 end@900"],
    ["a release is believed after the grace, at its own time", "d0 u900 t949 t950", "begin@0 end@900"],
    ["a late timer does not move the release", "d0 u900 t2000", "begin@0 end@900"],
    ["a quick second press after the grace is a new one", "d0 u100 d160 u230 t300", "begin@0 end@160"],
  ])("R11 %s", (_, stream, actions) => {
    expect(replay(stream, "idle", { releaseGraceMs: 50 })).toBe(actions);
  });

  test("R11 a tapped-on utterance that ended elsewhere does not eat the next press", () => {
    expect(replay("d0 u100 t500 t3000 d4000 u4800", ["idle", "listening", "listening", "idle", "idle"])).toBe(
      "begin@0 begin@4000 end@4800",
    );
  });

  test("R11 the asked-for deadline is when something would happen", () => {
    const classifier = new GestureClassifier({ tapMs: 250, maxListenMs: 10_000 });
    expect(classifier.deadlineMs).toBeNull();
    classifier.handle({ type: "down", atMs: 100, repeat: false }, "idle");
    expect(classifier.deadlineMs).toBe(10_100);
    classifier.handle({ type: "up", atMs: 200 }, "listening");
    expect(classifier.isLatched).toBe(true);
    expect(classifier.deadlineMs).toBe(10_100);
  });

  test("R11 in any stream, begins and ends alternate and nothing is left open after the limit", () => {
    const event = fc.record({
      type: fc.constantFrom("down", "up", "blur", "escape", "tick"),
      gapMs: fc.integer({ min: 0, max: 700 }),
      repeat: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.constantFrom(0, 50), (events, releaseGraceMs) => {
        const classifier = new GestureClassifier({ releaseGraceMs, maxListenMs: 5000 });
        let atMs = 0;
        const actions = events.flatMap(({ type, gapMs, repeat }) => {
          atMs += gapMs;
          return classifier.handle({ type, atMs, repeat }, "idle");
        });
        // A doubted release may turn into a tap, which then has its own limit.
        for (let round = 0; round < 2; round++) {
          atMs += 6000;
          actions.push(...classifier.handle({ type: "tick", atMs }, "idle"));
        }
        const open = actions.reduce((depth, { type }) => {
          const next = depth + (type === "begin" ? 1 : type === "interrupt" ? 0 : -1);
          expect(next === 0 || next === 1).toBe(true);
          return next;
        }, 0);
        expect(open).toBe(0);
      }),
    );
  });
});
