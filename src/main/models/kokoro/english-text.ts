/**
 * Spells out what espeak would misread in English: abbreviations, years, times, money, decimals, ranges and acronyms,
 * with the results of kokoro-js 1.2.1, which Kokoro's users are used to. Deliberate differences are named below.
 */
export function normalizeEnglish(text: string): string {
  return rules.reduce((spoken, rule) => spoken.replaceAll(rule.find, rule.say), text).trim();
}

interface Rule {
  readonly find: RegExp;
  /** Arguments as String.replace passes them: the match, then its groups. */
  readonly say: (match: string, ...groups: string[]) => string;
}

function fixed(find: RegExp, spoken: string): Rule {
  return { find, say: () => spoken };
}

/** In this order: later rules read what earlier ones wrote. */
const rules: readonly Rule[] = [
  // Typography.
  fixed(/[‘’]/g, "'"),
  fixed(/[“”«»]/g, '"'),
  // The punctuation splitter keeps guillemets as brackets, which Kokoro's vocabulary then drops without a pause.
  fixed(/\(/g, "«"),
  fixed(/\)/g, "»"),
  { find: /[、。！，：；？]/g, say: (mark) => `${asciiMarks[mark]} ` },
  fixed(/[^\S\n]+/g, " "),
  fixed(/(?<=\n) (?=\n)/g, ""),
  // Titles and abbreviations.
  fixed(/\bD[rR]\.(?= [A-Z])/g, "Doctor"),
  fixed(/\bMr\.|\bMR\.(?= [A-Z])/g, "Mister"),
  fixed(/\bMs\.|\bMS\.(?= [A-Z])/g, "Miss"),
  fixed(/\bMrs\.|\bMRS\.(?= [A-Z])/g, "Mrs"),
  // kokoro-js, ignoring case here, pauses after any "etc." that a word follows.
  fixed(/\b[Ee]tc\.(?! [A-Z])/g, "etc"),
  { find: /\b(y)eah?\b/gi, say: (_, initial = "y") => `${initial}e'a` },
  // Numbers. A decimal is matched with years and times so that its digits are not taken for a year.
  { find: /\d*\.\d+|\b\d{4}s?\b|(?<![:\d])\d{1,2}:[0-5]\d\b(?!:)/g, say: sayYearOrTime },
  // Only true thousands: kokoro-js reads "1,2,3" as one hundred twenty-three.
  fixed(/(?<=\b\d{1,3}(?:,\d{3})*),(?=\d{3}(?:,\d{3})*(?!\d))/g, ""),
  // kokoro-js leaves € to espeak, which says "euro twenty".
  { find: /([$£€])(\d+(?:\.\d+)?(?: (?:hundred|thousand|million|billion|trillion))*)\b/gi, say: sayMoney },
  {
    find: /(\d*)\.(\d+)/g,
    say: (_, whole = "", digits = "") => `${whole} point ${Array.from(digits).join(" ")}`,
  },
  fixed(/(?<=\d)-(?=\d)/g, " to "),
  fixed(/(?<=\d)S/g, " S"),
  // Letters: plurals and possessives of acronyms, then their dots, which would end a sentence.
  fixed(/(?<=[B-DF-HJ-NP-TV-Z])'?s\b/g, "'S"),
  fixed(/(?<=X')S\b/g, "s"),
  { find: /(?:[A-Za-z]\.){2,} [a-z]/g, say: (letters) => letters.replaceAll(".", "-") },
  fixed(/(?<=[A-Z])\.(?=[A-Z])/gi, "-"),
];

const asciiMarks: Readonly<Record<string, string>> = {
  "、": ",",
  "。": ".",
  "！": "!",
  "，": ",",
  "：": ":",
  "；": ";",
  "？": "?",
};

function sayYearOrTime(match: string): string {
  if (match.includes(".")) return match;
  if (match.includes(":")) return sayTime(match);
  return sayYear(match);
}

/** "3:05" → "3 oh 5". Beyond kokoro-js also 0:00 to 23:59, which it reads as two sentences. */
function sayTime(time: string): string {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  if (hour > 23) return time;
  if (minute === 0) return `${hour} o'clock`;
  return minute < 10 ? `${hour} oh ${minute}` : `${hour} ${minute}`;
}

/** "1905" → "19 oh 5", "1800s" → "18 hundreds". 2000 to 2009 and numbers below 1100 are read as numbers. */
function sayYear(text: string): string {
  const year = Number.parseInt(text, 10);
  if (year < 1100 || year % 1000 < 10) return text;
  const plural = text.endsWith("s") ? "s" : "";
  const century = Math.floor(year / 100);
  const rest = year % 100;
  if (year % 1000 < 100) return `${century} ${rest}${plural}`;
  if (rest === 0) return `${century} hundred${plural}`;
  return rest < 10 ? `${century} oh ${rest}${plural}` : `${century} ${rest}${plural}`;
}

const currencies: Readonly<Record<string, { unit: string; cent: string; cents: string }>> = {
  $: { unit: "dollar", cent: "cent", cents: "cents" },
  "£": { unit: "pound", cent: "penny", cents: "pence" },
  "€": { unit: "euro", cent: "cent", cents: "cents" },
};

function sayMoney(match: string, sign = "$", amount = ""): string {
  const currency = currencies[sign];
  if (!currency) return match;
  const { unit, cent, cents } = currency;
  const [whole = "", fraction] = amount.split(".");
  // "1.5 million", and amounts with more than two decimals: the decimal rule reads the number.
  if (!/^\d+(?:\.\d{1,2})?$/.test(amount)) return `${amount} ${unit}s`;
  const units = `${whole} ${unit}${whole === "1" ? "" : "s"}`;
  if (fraction === undefined) return units;
  const small = Number.parseInt(fraction.padEnd(2, "0"), 10);
  return `${units} and ${small} ${small === 1 ? cent : cents}`;
}
