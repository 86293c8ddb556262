/** The two channels between the supervisor and a model process: its life, and its work. */
export const processChannels = ["control", "service"] as const;

/** How the supervisor and a model process talk about the process itself. */
export interface ControlService {
  calls: {
    /** Answered by the event loop: a process that does not answer is in a native call, stopped, or stuck. */
    ping: { params: null; result: null };
  };
  streams: Record<never, never>;
  notices: {
    /** Dispose the service and end. */
    stop: null;
  };
  events: {
    /** The process is about to block its event loop for up to `budgetMs`; null when that is over. */
    busy: Busy | null;
    /** The process is about to end because of this. */
    fault: { readonly message: string };
  };
}

export interface Busy {
  /** What it does, for the sentence of a hang: `load`, `prefill`. */
  readonly op: string;
  readonly budgetMs: number;
}
