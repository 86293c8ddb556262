import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toSpeakable } from "./speakable-text.ts";
import { SpeechPlanner, wordsOf, type Segment } from "./speech-planner.ts";

/** Plans `reply` delivered in deltas of the given lengths, again and again. */
function plan(reply: string, cuts: readonly number[] = [3]): Segment[] {
  const planner = new SpeechPlanner();
  const segments: Segment[] = [];
  for (let at = 0, i = 0; at < reply.length; i++) {
    const length = cuts[i % cuts.length]!;
    segments.push(...planner.push(reply.slice(at, at + length)));
    at += length;
  }
  return [...segments, ...planner.finish()];
}

const texts = (reply: string): string[] => plan(reply).map((segment) => segment.text);

describe("R3 semantic chunking", () => {
  test.each([
    [
      "Hello! I am glad you are here. What would you like to know?",
      ["Hello!", "I am glad you are here.", "What would you like to know?"],
    ],
    ["The capital of France is Paris.", ["The capital of France", "is Paris."]],
    ["Three plus four is seven.", ["Three plus four is seven."]],
    [
      "Yes, I run offline. Everything happens on this computer, and no network is needed.",
      ["Yes, I run offline.", "Everything happens on this computer,", "and no network is needed."],
    ],
    ["Well, that depends, I think.", ["Well, that depends,", "I think."]],
  ])("%s", (reply, expected) => {
    expect(texts(reply)).toEqual(expected);
  });

  test.each([
    ["a decimal", "It costs about 3.5 euros today.", "3.5"],
    ["thousands", "There were nearly 1,000,000 people there.", "1,000,000"],
    ["a time", "We meet there again at 10:30 sharp.", "10:30"],
    ["a title", "You should ask Dr. Smith about it.", "Dr. Smith"],
    ["an abbreviation", "Take some fruit, e.g. an apple or pear.", "e.g. an"],
    ["an acronym", "She moved to the U.S. government long ago.", "U.S. government"],
    ["initials", "He really admires J. R. Tolkien a lot.", "J. R. Tolkien"],
    ["an ellipsis", "Let me think about it...then I answer.", "it...then"],
    ["a URL", "Please have a look at https://a.example/b,c?d=e;f! today.", "https://a.example/b,c?d=e;f!"],
    ["an address", "Then write to jane.doe@mail.example, please.", "jane.doe@mail.example,"],
    ["a list number", "1. Open the little door slowly.", "1. Open"],
    ["a file name", "You can now start node.js here.", "node.js"],
  ])("never cuts %s", (_name, reply, whole) => {
    expect(texts(reply).some((text) => text.includes(whole))).toBe(true);
    for (const cut of [1, 2, 5, 1_000]) {
      expect(plan(reply, [cut]).some((segment) => segment.text.includes(whole))).toBe(true);
    }
  });

  test.each([
    ["**Bold** and *thin* and __more__ words", "Bold and thin and more words"],
    ["# Title\n\nText", "Title Text"],
    ["- one\n- two\n* three", "one two three"],
    ["> quoted", "quoted"],
    ["See [the page](https://x.example/y) now", "See the page now"],
    ["Use `npm start` here", "Use npm start here"],
    ["Before\n```js\nlet x = 1;\n```\nafter", "Before after"],
    ["Fine 👍🏽 👨‍👩‍👧 🇫🇷 done ✅", "Fine done"],
    ["3 * 4 is 12", "3 * 4 is 12"],
    ["a_snake_name", "a snake name"],
    ["https://a.example/b_c now", "https://a.example/b_c now"],
    ["What?! No!!! Yes?", "What? No! Yes?"],
    ["bell\u0007 zero\u200Bwidth", "bell zerowidth"],
    ["-5 degrees", "-5 degrees"],
    ["[1] is not a link", "1 is not a link"],
    ["an open [bracket", "an open bracket"],
  ])("says %j as %j", (source, expected) => {
    expect(toSpeakable(source)).toBe(expected);
    for (const cut of [1, 2, 7]) {
      expect(
        plan(source, [cut])
          .map((segment) => segment.text)
          .join(" "),
      ).toBe(expected);
    }
  });

  test("a comma after a plain word is not waited on", () => {
    const planner = new SpeechPlanner();
    expect(planner.push("Of course,").map((segment) => segment.text)).toEqual(["Of course,"]);
  });

  test.each(["Hello!", "Really?"])("%s is spoken before another token is known", (text) => {
    const planner = new SpeechPlanner();
    expect(planner.push(text).map((segment) => segment.text)).toEqual([text]);
    expect(planner.push("!! ")).toEqual([]);
    expect(planner.finish().map((segment) => segment.text)).toEqual([]);
  });

  test.each(["See example.", "It is 3.", "“Stop!", "'Stop!", "https://a.b/c?", "Ask Dr."])(
    "%s may go on, so it waits",
    (text) => expect(new SpeechPlanner().push(text)).toEqual([]),
  );

  test("no segment passes what Kokoro can take", () => {
    const endless = "and".repeat(3) + " lorem ipsum the of a in to ".repeat(200);
    for (const segment of plan(endless)) expect(segment.text.length).toBeLessThanOrEqual(340);
  });

  test("nothing speakable makes no segment", () => {
    expect(plan("```\ncode only\n```")).toEqual([]);
    expect(plan("")).toEqual([]);
    expect(plan("👍")).toEqual([]);
  });

  const reply = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "Yes,",
          "3.5",
          "e.g.",
          "Dr.",
          "**so**",
          "\n- ",
          "...",
          "?!",
          "`x`",
          "🙂",
          "[a](b)",
          "Well.",
          "1,000",
          "\n\n",
          "```",
          "—",
          "“ok,”",
          "https://a.b/c,d",
        ),
        fc.lorem({ maxCount: 4 }),
        fc.string({ unit: "grapheme", maxLength: 6 }),
      ),
      { maxLength: 25 },
    )
    .map((parts) => parts.join(" "));

  test("whatever the cuts: the segments add up to the normalised reply, in order, without a gap", () => {
    fc.assert(
      fc.property(reply, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (source, cuts) => {
        const segments = plan(source, cuts);
        const squeeze = (text: string) => text.replaceAll(/\s+/gu, "");
        expect(squeeze(segments.map((segment) => segment.text).join(""))).toBe(squeeze(toSpeakable(source)));
        expect(segments).toEqual(plan(source, [source.length || 1]));
        let end = 0;
        for (const [index, segment] of segments.entries()) {
          expect(segment.index).toBe(index);
          expect(segment.sourceStart).toBe(end);
          expect(segment.isLast && index < segments.length - 1).toBe(false);
          end = segment.sourceEnd;
        }
        expect(end).toBeLessThanOrEqual(source.length);
      }),
      { numRuns: 400 },
    );
  });

  test("words are counted without their punctuation", () => {
    expect(wordsOf("“Hello,” she — said: 3.5!")).toEqual(["Hello", "she", "said", "3.5"]);
  });
});
