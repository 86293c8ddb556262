/** The page's view of the microphone; the wire's `mic.state` plus the sentence for the person. */
export type MicrophoneState = "off" | "armed" | "denied" | "missing" | "lost" | "muted";

export interface MicrophoneStatus {
  readonly state: MicrophoneState;
  /** The device's own name while armed. */
  readonly label: string;
  /** What happened and what to do about it; null when all is well. */
  readonly message: string | null;
}

export const microphoneOff: MicrophoneStatus = { state: "off", label: "", message: null };
export const microphoneMuted: MicrophoneStatus = { state: "muted", label: "", message: null };

/** Turns a refusal of `getUserMedia` into a state and a sentence (Media Capture and Streams, §10.2). */
export function statusOfRefusal(error: unknown): MicrophoneStatus {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return {
        state: "denied",
        label: "",
        message:
          "Parley may not use the microphone. Allow it in the address bar's site settings (or the system's privacy settings), then try again. You can type meanwhile.",
      };
    case "NotFoundError":
      return {
        state: "missing",
        label: "",
        message: "No microphone was found. Plug one in: Parley notices by itself. You can type meanwhile.",
      };
    default:
      return {
        state: "lost",
        label: "",
        message:
          "The microphone cannot be opened: another program may be holding it. Close that program, or pick another microphone in the settings.",
      };
  }
}

/** Whether the exact device that was asked for is the obstacle, so that the default is worth a try. */
export function isDeviceGone(error: unknown): boolean {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  return name === "OverconstrainedError" || name === "NotFoundError";
}
