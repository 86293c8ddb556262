import type { AssistantState } from "../../src/shared/app-contract.ts";

/** What the scripted main side begins with, where that is not the recorded conversation at rest. */
export interface ScriptedStart {
  readonly isEmpty?: boolean;
  readonly tokenMs?: number;
  /** Every turn was answered this much ahead of its release. */
  readonly savedMs?: number;
  readonly isHandsFree?: boolean;
  readonly state?: Partial<AssistantState>;
}
