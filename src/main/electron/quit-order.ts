import type { Clock } from "../../shared/clock.ts";

/** One thing to shut down. Later steps start only when earlier ones are done: windows before models before storage. */
export interface QuitStep {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/**
 * Runs the steps in order, each given at most `stepMs`: one that fails or hangs must not keep the others from saving
 * what is theirs. Resolves with the names of those that failed or ran out of time; never rejects.
 */
export async function quitInOrder(
  steps: readonly QuitStep[],
  stepMs: number,
  clock: Clock,
): Promise<string[]> {
  const unfinished: string[] = [];
  for (const { name, run } of steps) {
    const late = Promise.withResolvers<boolean>();
    using _timer = clock.after(stepMs, () => late.resolve(false));
    const done = (async () => {
      await run();
      return true;
    })().catch(() => false);
    if (!(await Promise.race([done, late.promise]))) unfinished.push(name);
  }
  return unfinished;
}
