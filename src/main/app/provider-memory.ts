import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { OutcomeMemory } from "../models/providers/chooser.ts";
import { outcomeSchema } from "../models/providers/outcome.ts";
import { writeFileAtomic } from "../storage/atomic-file.ts";

/** Models and driver versions that are remembered; the oldest make room. */
const MAX_ENTRIES = 32;

const fileSchema = z.object({
  version: z.literal(1),
  entries: z.record(z.string(), z.array(outcomeSchema)),
});
type Entries = z.infer<typeof fileSchema>["entries"];

/**
 * Keeps what came of trying execution providers in `providers.json` of `folder`. A file that cannot be read, or is not
 * what we wrote, is as good as none: everything in it can be found out again.
 */
export function providerMemory(folder: string): OutcomeMemory {
  const file = path.join(folder, "providers.json");
  return {
    async read(key) {
      return (await readEntries(file))[key] ?? [];
    },
    async write(key, outcomes) {
      const { [key]: _, ...others } = await readEntries(file);
      const newest = [...Object.entries(others), [key, [...outcomes]] as const].slice(-MAX_ENTRIES);
      const content = { version: 1, entries: Object.fromEntries(newest) };
      try {
        await mkdir(folder, { recursive: true });
        await writeFileAtomic(file, `${JSON.stringify(content, null, 1)}\n`);
      } catch {
        // A full or read-only disk costs the same trial at the next start, and no more.
      }
    },
  };
}

async function readEntries(file: string): Promise<Entries> {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
    return parsed.success ? parsed.data.entries : {};
  } catch {
    // Absent or not JSON; see above.
    return {};
  }
}
