import type { Turnstile } from "../turnstile.ts";

export interface InterleavedOptions {
  readonly signal: AbortSignal;
  /** Called whenever this one has the turn again; throws when it has nothing left to go on with. */
  readonly resume: (isFirst: boolean) => void;
}

/**
 * Passes `parts` on, entering `turnstile` for each: their maker is at work only while somebody pulls, and in between holds
 * nothing that another request needs. Rejects with `cancelled` as the turnstile does.
 */
export async function* interleaved<Part>(
  parts: AsyncGenerator<Part>,
  turnstile: Turnstile,
  { signal, resume }: InterleavedOptions,
): AsyncGenerator<Part> {
  const pulled = async (isFirst: boolean): Promise<IteratorResult<Part>> => {
    using _turn = await turnstile.enter(signal);
    resume(isFirst);
    return await parts.next();
  };
  try {
    for (let part = await pulled(true); !part.done; part = await pulled(false)) yield part.value;
  } finally {
    await parts.return(undefined);
  }
}
