/** Languages that Kokoro's voices speak, as BCP 47 tags. */
export const voiceLanguages = ["en-US", "en-GB", "es", "fr", "hi", "it", "pt-BR", "ja", "zh"] as const;
export type VoiceLanguage = (typeof voiceLanguages)[number];

/** The languages that Voxtral and Kokoro share (their model cards), as ISO 639-1 codes. */
export const sharedLanguages = ["en", "es", "fr", "hi", "it", "pt"] as const;
export type SharedLanguage = (typeof sharedLanguages)[number];

export interface Voice {
  /** Name of the style file, such as `af_heart`. */
  readonly id: string;
  readonly name: string;
  readonly gender: "female" | "male";
  readonly language: VoiceLanguage;
  /** Voice of espeak-ng that turns text of this language into phonemes. */
  readonly espeakVoice: string;
}

interface Family {
  readonly letter: string;
  readonly language: VoiceLanguage;
  readonly espeakVoice: string;
  readonly female: string;
  readonly male: string;
}

/**
 * The 54 voices of Kokoro-82M v1.0. An id is the language's letter, f or m, and a name. In each language the best
 * voice of the model card's grades comes first.
 */
const families: readonly Family[] = [
  {
    letter: "a",
    language: "en-US",
    espeakVoice: "en-us",
    female: "heart bella nicole aoede kore sarah alloy nova jessica river sky",
    male: "fenrir michael puck echo eric liam onyx adam santa",
  },
  // "en" is espeak's British English, and what kokoro-js asks for.
  {
    letter: "b",
    language: "en-GB",
    espeakVoice: "en",
    female: "emma isabella alice lily",
    male: "fable george lewis daniel",
  },
  { letter: "e", language: "es", espeakVoice: "es", female: "dora", male: "alex santa" },
  // espeak lists "fr-fr" as a name of "fr", but asked for it, it speaks gibberish.
  { letter: "f", language: "fr", espeakVoice: "fr", female: "siwis", male: "" },
  { letter: "h", language: "hi", espeakVoice: "hi", female: "alpha beta", male: "omega psi" },
  { letter: "i", language: "it", espeakVoice: "it", female: "sara", male: "nicola" },
  { letter: "p", language: "pt-BR", espeakVoice: "pt-br", female: "dora", male: "alex santa" },
  {
    letter: "j",
    language: "ja",
    espeakVoice: "ja",
    female: "alpha gongitsune tebukuro nezumi",
    male: "kumo",
  },
  {
    letter: "z",
    language: "zh",
    espeakVoice: "cmn",
    female: "xiaobei xiaoni xiaoxiao xiaoyi",
    male: "yunjian yunxi yunxia yunyang",
  },
];

/** All voices, English first; in each language the recommended voice first. */
export const voices: readonly Voice[] = families.flatMap((family) =>
  voicesOf(family, "female").concat(voicesOf(family, "male")),
);

const byId: ReadonlyMap<string, Voice> = new Map(voices.map((voice) => [voice.id, voice]));

/** The voice of this id, or undefined. */
export function findVoice(id: string): Voice | undefined {
  return byId.get(id);
}

/**
 * The recommended voice for a language tag: the same tag, else the same language ("pt-PT" → pt-BR, "en" → en-US);
 * undefined for a language Kokoro does not speak. `gender` is kept where the language has such a voice.
 */
export function voiceForLanguage(tag: string, gender?: Voice["gender"]): Voice | undefined {
  const wanted = tag.toLowerCase().replaceAll("_", "-");
  const [base] = wanted.split("-");
  const exact = voices.filter(({ language }) => language.toLowerCase() === wanted);
  const near = voices.filter(({ language }) => language.toLowerCase().split("-")[0] === base);
  const candidates = exact.length > 0 ? exact : near;
  return candidates.find((voice) => voice.gender === gender) ?? candidates[0];
}

/** The language of a voice, if it is one that Voxtral speaks as well. */
export function languageOfVoice(id: string): SharedLanguage | undefined {
  const base = findVoice(id)?.language.split("-")[0];
  return sharedLanguages.find((language) => language === base);
}

/** The chosen voice where it speaks `language`, else the best one of that language, of the same gender if there is one. */
export function voiceSpeaking(language: SharedLanguage, chosen: string): string {
  if (languageOfVoice(chosen) === language) return chosen;
  return voiceForLanguage(language, findVoice(chosen)?.gender)?.id ?? chosen;
}

/** Up to three voice ids that look like what was meant by `id`, most similar first. */
export function similarVoices(id: string): readonly string[] {
  const wanted = id.trim().slice(0, 64).toLowerCase();
  return voices
    .map((voice) => ({ id: voice.id, distance: distanceTo(wanted, voice) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => candidate.id);
}

function voicesOf(family: Family, gender: Voice["gender"]): Voice[] {
  const { letter, language, espeakVoice } = family;
  return family[gender]
    .split(" ")
    .filter(Boolean)
    .map((name) => ({
      id: `${letter}${gender.charAt(0)}_${name}`,
      name: name.charAt(0).toUpperCase() + name.slice(1),
      gender,
      language,
      espeakVoice,
    }));
}

/** "heart", "Heart" and "af-heart" all mean af_heart, so the bare name counts as well as the id. */
function distanceTo(wanted: string, voice: Voice): number {
  return Math.min(editDistance(wanted, voice.id), editDistance(wanted, voice.name.toLowerCase()));
}

/** Levenshtein distance: single-character edits between two words. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
