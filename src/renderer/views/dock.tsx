import { ArrowUp } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useMicrophoneState } from "../components/microphone-switch.tsx";
import { ModeSwitch } from "../components/mode-switch.tsx";
import { TalkButton } from "../components/talk-button.tsx";
import { VoiceMeter } from "../components/voice-meter.tsx";
import { useSession, useStores } from "../session-context.ts";
import { useTalkStatus } from "./talk-status.ts";
import styles from "./dock.module.css";

/** Where the person speaks: the talk button between the text field and the words that say what is going on. */
export function Dock(): ReactNode {
  const phase = useStores("assistant", (state) => state.phase);
  const status = useTalkStatus();
  const isHandsFree = useStores("settings", ({ settings }) => settings.turnTaking.mode === "hands-free");
  const isHearing = useMicrophoneState() === "armed" && isHandsFree;
  return (
    <div className={styles["dock"]} data-phase={phase}>
      <Question />
      <TalkButton source="button" size="large" />
      <div className={styles["side"]}>
        <div className={styles["status"]} role="status">
          <strong>{status.name}</strong>
          <span>{status.hint}</span>
        </div>
        {isHearing && <VoiceMeter />}
        <ModeSwitch />
      </div>
    </div>
  );
}

function Question(): ReactNode {
  const { commands, sound } = useSession();
  const [text, setText] = useState("");
  const ask = async (): Promise<void> => {
    const question = text.trim();
    if (question === "") return;
    sound.wake();
    setText("");
    // Nothing typed is lost when it could not be asked.
    if (!(await commands.ask(question))) setText(question);
  };
  return (
    <form
      className={styles["question"]}
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <input
        id="question"
        aria-label="Type a question"
        placeholder="Or type a question"
        autoComplete="off"
        maxLength={20_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" aria-label="Ask" disabled={text.trim() === ""}>
        <ArrowUp aria-hidden size={17} />
      </button>
    </form>
  );
}
