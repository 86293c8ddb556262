import type { AssistantState } from "../../shared/app-contract.ts";
import type { Earcon } from "../audio/earcons.ts";

type Told = Pick<AssistantState, "phase" | "turnId" | "isMuted" | "isHeld">;

/** The sound that tells of a change of state; null for those that are heard or seen anyway. */
export function earconOf(before: Told, after: Told): Earcon | null {
  if (before.isMuted !== after.isMuted) return after.isMuted ? "muted" : "unmuted";
  if (before.phase !== "listening" && after.phase === "listening") return "listen";
  if (before.phase === "listening" && after.phase === "thinking") return "sent";
  const goesOn = after.phase === "speaking" && before.turnId === after.turnId;
  return before.isHeld && !after.isHeld && goesOn ? "resumed" : null;
}
