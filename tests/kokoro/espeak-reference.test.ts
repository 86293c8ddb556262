import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Espeak, PHONEME_SEPARATOR } from "../../src/main/models/kokoro/espeak.ts";
import { voiceForLanguage } from "../../src/shared/voices.ts";
import { englishSentences } from "./english-sentences.ts";
import { sentences } from "./sentences.ts";

/** Debian's espeak-ng: the reference that our WebAssembly build is measured against. */
const version = /\d+\.\d+/u.exec(
  spawnSync("espeak-ng", ["--version"], { encoding: "utf8" }).stdout ?? "",
)?.[0];
const isInstalled = version !== undefined;
if (!isInstalled) {
  console.warn("R25 espeak-ng is not installed (apt-get install espeak-ng): its comparison is skipped.");
}

/**
 * What changed between the reference's release and ours (1.52): English wrote o for the vowel of "more", and Spanish
 * turned an n before f into m. Nothing else may differ.
 */
const sinceThen = (ipa: string): string =>
  version === "1.51" ? ipa.replaceAll("oːɹ", "ɔːɹ").replaceAll("m fw", "n fw") : ipa;

/** What both spell alike: no stress groups, no separators, no spaces at the joints of clauses. */
const bare = (ipa: string): string =>
  ipa
    .normalize("NFC")
    .replaceAll(PHONEME_SEPARATOR, "")
    .replaceAll(/\([a-z-]+\)|[\u200d|]/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();

const reference = (text: string, voice: string): string =>
  execFileSync("espeak-ng", ["-q", "--ipa", "-v", voice, text], { encoding: "utf8" });

/** Sentences go in clause by clause, as the phonemizer asks. */
const clausesOf = (sentence: string): readonly string[] =>
  sentence
    .split(/[¿?¡!.,;:।]+/u)
    .map((part) => part.trim())
    .filter(Boolean);

const languages = [
  { tag: "en-US", lines: englishSentences.slice(0, 50) },
  ...Object.entries(sentences).map(([tag, lines]) => ({ tag, lines: lines.split("\n") })),
];

describe.skipIf(!isInstalled)("R25 phonemes are espeak-ng's own", async () => {
  const espeak = await Espeak.load();

  test.each(languages)(
    "$tag, 50 sentences",
    ({ tag, lines }) => {
      const voice = voiceForLanguage(tag)!.espeakVoice;
      expect(lines).toHaveLength(50);
      const differing = lines.flatMap(clausesOf).flatMap((clause) => {
        const ours = bare(espeak.ipa(clause, voice));
        const theirs = sinceThen(bare(reference(clause, voice)));
        return ours === theirs ? [] : [{ clause, ours, theirs }];
      });
      expect(differing).toEqual([]);
    },
    60_000,
  );
});
