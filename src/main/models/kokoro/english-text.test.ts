import { expect, test } from "vitest";
import { normalizeEnglish } from "./english-text.ts";

test.each([
  ["Dr. Smith met Mr. Jones, Mrs. Lee and Ms. Poe.", "Doctor Smith met Mister Jones, Mrs Lee and Miss Poe."],
  ["pears, etc. are fruit", "pears, etc are fruit"],
  ["pears, etc. They", "pears, etc. They"],
  ["in 1066, 1905, 1984 and 2024", "in 1066, 19 oh 5, 19 84 and 20 24"],
  ["in 1900, 2000, 2007 and 2010", "in 19 hundred, 2000, 2007 and 20 10"],
  ["the 1990s and 1800s", "the 19 90s and 18 hundreds"],
  ["at 3:30, 3:00 and 3:05", "at 3 30, 3 o'clock and 3 oh 5"],
  ["at 13:45 and 0:30", "at 13 45 and 0 30"],
  ["a ratio of 16:9 and 1:02:03 or 45:10", "a ratio of 16:9 and 1:02:03 or 45:10"],
  ["$5, $1, $5.50 and $1.01", "5 dollars, 1 dollar, 5 dollars and 50 cents and 1 dollar and 1 cent"],
  ["£3, £1.01 and €20", "3 pounds, 1 pound and 1 penny and 20 euros"],
  ["$1.5 billion", "1 point 5 billion dollars"],
  ["3.14 and .5", "3 point 1 4 and  point 5"],
  ["1,234,567 people", "1234567 people"],
  ["the numbers 1,2,3", "the numbers 1,2,3"],
  ["pages 10-20", "pages 10 to 20"],
  ["two TVs and the CEO's car", "two TV'S and the CEO's car"],
  ["the U.S. economy and J.R.R. Tolkien", "the U-S- economy and J-R-R. Tolkien"],
  ["‘It’s’ “fine” (really)", `'It's' "fine" «really»`],
  ["你好，世界。", "你好, 世界."],
  ["Yeah, yeah", "Ye'a, ye'a"],
])("R3 %s", (text, spoken) => {
  expect(normalizeEnglish(text)).toBe(spoken);
});
