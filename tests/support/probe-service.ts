/** What the probe process offers the fault tests. */
export interface ProbeService {
  calls: {
    /** Answers with the pid, or fails with the code the process was started with. */
    load: { params: null; result: number };
    echo: { params: unknown; result: unknown };
    env: { params: null; result: Record<string, string | undefined> };
    never: { params: null; result: never };
    /** Blocks the event loop, after announcing `budgetMs` if given. */
    block: { params: { forMs: number; budgetMs?: number }; result: null };
    /** Throws outside of any handler. */
    crash: { params: { message: string }; result: never };
    notes: { params: null; result: number };
  };
  streams: { numbers: { params: { count: number }; part: number } };
  notices: { note: string };
  events: { noted: string };
}
