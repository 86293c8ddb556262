import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

export interface SampleQuestion {
  readonly id: string;
  readonly question: string;
  readonly file: string;
}

const questionsSchema = z.array(
  z.object({ file: z.string(), question: z.string(), after: z.string().optional() }),
);

/**
 * The recorded questions that come with Parley, in the order of their `questions.json`; one that makes sense only after
 * another is left out. Empty when the folder or its list is missing or unreadable: then the first click has nothing to
 * offer, and nothing else suffers.
 */
export function sampleQuestions(folder: string): readonly SampleQuestion[] {
  let listed: z.infer<typeof questionsSchema>;
  try {
    listed = questionsSchema.parse(JSON.parse(readFileSync(path.join(folder, "questions.json"), "utf8")));
  } catch {
    // See above.
    return [];
  }
  return listed
    .filter(({ after }) => after === undefined)
    .map(({ file, question }) => ({
      id: path.basename(file, ".wav"),
      question,
      file: path.join(folder, file),
    }));
}
