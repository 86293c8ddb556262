import type { Busy } from "./control.ts";

type Listener = (busy: Busy | null) => void;

let listener: Listener | undefined;
const running: Busy[] = [];

/**
 * Tells the supervisor that the event loop will be blocked by a native call for up to `budgetMs`, so that it is not
 * taken for a hang; dispose the result when the call is over. Costs two messages: use it where a call may outlast the
 * supervisor's `hangMs` (loading, the prefill of a long prompt), not for every decode step. Does nothing outside a
 * model process.
 */
export function announceBusy(op: string, budgetMs: number): Disposable {
  const busy: Busy = { op, budgetMs };
  running.push(busy);
  announce();
  return {
    [Symbol.dispose]() {
      const index = running.indexOf(busy);
      if (index === -1) return;
      running.splice(index, 1);
      announce();
    },
  };
}

/** Where announcements go; set once by the host of this process. */
export function onBusy(listen: Listener): void {
  listener = listen;
}

function announce(): void {
  // Of nested calls the most patient one decides.
  const longest = running.reduce<Busy | null>((a, b) => (a && a.budgetMs >= b.budgetMs ? a : b), null);
  listener?.(longest);
}
