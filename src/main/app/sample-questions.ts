import { readdirSync } from "node:fs";
import path from "node:path";

export interface SampleQuestion {
  readonly id: string;
  readonly question: string;
  readonly file: string;
}

/**
 * The recorded questions that come with Parley. A file's name is its question: `what-is-your-name.wav` asks "What is your
 * name?". Empty when the folder is missing: then the first click has nothing to offer, and nothing else suffers.
 */
export function sampleQuestions(folder: string): readonly SampleQuestion[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // See above.
    return [];
  }
  return names
    .filter((name) => name.endsWith(".wav"))
    .toSorted()
    .map((name) => {
      const id = path.basename(name, ".wav");
      return { id, question: questionOf(id), file: path.join(folder, name) };
    });
}

function questionOf(id: string): string {
  // A number in front orders the files and is not part of the question.
  const words = id
    .replace(/^\d+[-_]/, "")
    .replaceAll(/[-_]+/g, " ")
    .trim();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}?`;
}
