import { Toast } from "@base-ui/react/toast";
import type { NoticeLevel } from "../session/session.ts";

/** The one queue of sentences for the person; usable outside React. */
export const notices = Toast.createToastManager();

/** How long a notice stays: long enough to be read twice; errors stay until dismissed. */
const TIMEOUT_MS = { info: 5000, warning: 9000, error: 0 } as const;

/** Shows a sentence; one that is already shown is not repeated. */
export function notify(level: NoticeLevel, message: string): void {
  notices.add({
    id: `${level}:${message}`,
    type: level,
    description: message,
    timeout: TIMEOUT_MS[level],
    priority: level === "info" ? "low" : "high",
  });
}
