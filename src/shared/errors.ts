/** Every way Parley can fail, as a closed list: the interface picks its words and its remedy by code. */
export const appErrorCodes = [
  "bad-audio", // not audio we can read: wrong format, truncated header, no samples
  "audio-too-long",
  "bad-input", // an argument, option or message outside its contract
  "file-unreadable",
  "file-unwritable",
  "disk-full",
  "model-missing",
  "model-corrupt",
  "model-wrong", // readable, but not the model this place needs
  "provider-unavailable", // the execution provider cannot run here
  "out-of-memory",
  "engine-gone", // a model process ended while a call was pending
  "engine-hung", // a model process stopped answering and was ended
  "engine-gave-up", // restarted too often
  "audio-missing", // the model process does not hold this utterance (it was restarted)
  "context-full",
  "voice-unknown",
  "cancelled",
  "timeout",
  "protocol", // the peer broke the wire contract
  "storage",
  "unsupported",
  "network", // a server cannot be reached, or answers nonsense
  "access-denied", // a server wants a token, or consent to a licence
  "internal",
] as const;

export type AppErrorCode = (typeof appErrorCodes)[number];

/** An AppError as it crosses a Port. */
export interface WireError {
  readonly code: AppErrorCode;
  readonly message: string;
  readonly details?: unknown;
}

/**
 * The one error class. `message` is a sentence a person can act on; `code` is what programs look at;
 * `details` are structured-cloneable facts (paths, ids), never the user's words.
 */
export class AppError extends Error {
  readonly code: AppErrorCode;
  readonly details: unknown;

  constructor(code: AppErrorCode, message: string, options: { cause?: unknown; details?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details;
  }

  /** Wraps anything thrown; an AppError passes through unchanged, an abort becomes `cancelled`. */
  static from(error: unknown, code: AppErrorCode = "internal"): AppError {
    if (error instanceof AppError) return error;
    if (error instanceof Error && error.name === "AbortError") {
      return new AppError("cancelled", "The operation was cancelled.", { cause: error });
    }
    return new AppError(code, error instanceof Error ? error.message : String(error), { cause: error });
  }

  static fromWire(wire: WireError): AppError {
    return new AppError(wire.code, wire.message, { details: wire.details });
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** The system's name for what went wrong, such as "ENOENT"; undefined for errors that are not Node's own. */
export function systemCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

export function isCancelled(error: unknown): boolean {
  return AppError.from(error).code === "cancelled";
}
