import { describe, expect, test } from "vitest";
import { captionWords, wordAt } from "./captions.ts";

function wordsOf(reply: string, spoken: string[], replyStart = 0, replyEnd = reply.length): string[] {
  const words = spoken.map((text, index) => ({
    text,
    startSample: index * 100,
    endSample: index * 100 + 90,
  }));
  return captionWords({ words, startSample: 0, replyStart, replyEnd }, reply).map((word) =>
    reply.slice(word.replyStart, word.replyEnd),
  );
}

describe("captionWords", () => {
  test("R14 each spoken word is found at its own place, also when it repeats", () => {
    expect(wordsOf("No, no, it is not.", ["No", "no", "it", "is", "not"])).toEqual([
      "No",
      "no",
      "it",
      "is",
      "not",
    ]);
  });

  test("R14 markup and numbers do not lead the words astray", () => {
    expect(wordsOf("It is **3.5** metres high.", ["It", "is", "three", "metres", "high"])).toEqual([
      "It",
      "is",
      "**3.5**",
      "metres",
      "high",
    ]);
  });

  test("R14 words that the text does not have stay inside the chunk", () => {
    const words = captionWords(
      {
        words: [
          { text: "one", startSample: 0, endSample: 5 },
          { text: "two", startSample: 5, endSample: 9 },
        ],
        startSample: 1000,
        replyStart: 6,
        replyEnd: 7,
      },
      "Year: 1 and on",
    );
    expect(words.map(({ replyStart, replyEnd }) => [replyStart, replyEnd])).toEqual([
      [6, 7],
      [7, 7],
    ]);
    expect(words.map(({ startSample }) => startSample)).toEqual([1000, 1005]);
  });

  test("R14 a chunk in the middle of the reply is found in its own part", () => {
    expect(wordsOf("The cat. The dog.", ["The", "dog"], 9)).toEqual(["The", "dog"]);
    const [first] = captionWords(
      { words: [{ text: "The", startSample: 0, endSample: 1 }], startSample: 0, replyStart: 9, replyEnd: 17 },
      "The cat. The dog.",
    );
    expect(first?.replyStart).toBe(9);
  });
});

describe("wordAt", () => {
  const word = (startSample: number): { text: string; startSample: number; endSample: number } => ({
    text: "w",
    startSample,
    endSample: startSample + 5,
  });
  const chunks = [
    { startSample: 0, replyStart: 0, replyEnd: 0, words: [word(10), word(20)] },
    { startSample: 100, replyStart: 0, replyEnd: 0, words: [] },
    { startSample: 200, replyStart: 0, replyEnd: 0, words: [word(0), word(30)] },
  ];

  test.each([
    [0, -1],
    [9, -1],
    [10, 0],
    [17, 0],
    [20, 1],
    [199, 1],
    [200, 2],
    [229, 2],
    [9999, 3],
  ])("R14 at sample %i the word is %i", (sample, index) => {
    expect(wordAt(chunks, sample)).toBe(index);
  });
});
