import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import { AudioLines, Hand } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, useStores } from "../session-context.ts";
import styles from "./mode-switch.module.css";

/** Whether a key or speech itself begins and ends a question; saved as the setting it is. */
export function ModeSwitch({ isCompact = false }: { readonly isCompact?: boolean }): ReactNode {
  const { commands, sound } = useSession();
  const mode = useStores("settings", ({ settings }) => settings.turnTaking.mode);
  const choose = (next: unknown): void => {
    if ((next !== "push-to-talk" && next !== "hands-free") || next === mode) return;
    sound.wake();
    void commands.change({ turnTaking: { mode: next } });
  };
  return (
    <ToggleGroup
      className={styles["group"]}
      data-compact={isCompact ? "" : undefined}
      aria-label="How to talk"
      value={[mode]}
      onValueChange={([next]) => choose(next)}
    >
      <Toggle value="push-to-talk" title="Hold a key or the button while you speak">
        <Hand aria-hidden size={14} />
        <span>Hold to talk</span>
      </Toggle>
      <Toggle value="hands-free" title="Just speak: a pause sends what you said">
        <AudioLines aria-hidden size={14} />
        <span>Hands-free</span>
      </Toggle>
    </ToggleGroup>
  );
}
