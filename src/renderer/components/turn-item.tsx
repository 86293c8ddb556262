import { Check, CircleAlert, Copy, Keyboard, Mic, RotateCcw, Scissors, Volume2 } from "lucide-react";
import { memo, useEffect, useState, type ReactNode } from "react";
import type { StoredTurn } from "../../shared/app-contract.ts";
import { useSession } from "../session-context.ts";
import { notify } from "./notices.ts";
import { Badge, IconButton } from "./controls.tsx";
import { CaptionText } from "./caption-text.tsx";
import styles from "./turn-item.module.css";

interface TurnItemProps {
  readonly turn: StoredTurn;
  /** The reply is still being made. */
  readonly isLive: boolean;
}

/** A question and its reply. Drawn anew only when its turn changes: a long conversation has hundreds, and each token is news. */
export const TurnItem = memo(function TurnItem({ turn, isLive }: TurnItemProps): ReactNode {
  const { commands } = useSession();
  const [replayId, setReplayId] = useState<string | null>(null);
  const replay = async (): Promise<void> => setReplayId(await commands.replay(turn.id));
  return (
    <li className={styles["turn"]} data-outcome={turn.outcome}>
      <Question turn={turn} isLive={isLive} />
      <div className={styles["reply"]} aria-live={isLive ? "polite" : undefined} aria-busy={isLive}>
        {turn.reply !== "" && <CaptionText reply={turn.reply} spokenAs={replayId ?? turn.id} />}
        {turn.reply === "" && isLive && <Thinking />}
        {turn.outcome === "failed" && (
          <p className={styles["error"]}>
            <CircleAlert aria-hidden size={16} />
            {turn.errorMessage ?? "The reply failed. Ask again."}
          </p>
        )}
      </div>
      {!isLive && (
        <div className={styles["foot"]}>
          {turn.outcome === "interrupted" && (
            <Badge title="Only what you heard is kept">
              <Scissors aria-hidden size={12} /> Interrupted
            </Badge>
          )}
          <div className={styles["actions"]}>
            {turn.reply !== "" && (
              <IconButton label="Speak it again" onClick={() => void replay()}>
                <Volume2 aria-hidden size={16} />
              </IconButton>
            )}
            {turn.reply !== "" && <CopyButton text={turn.reply} />}
            <IconButton label="Answer again" onClick={() => void commands.regenerate(turn.id)}>
              <RotateCcw aria-hidden size={16} />
            </IconButton>
          </div>
        </div>
      )}
    </li>
  );
});

function Question({ turn, isLive }: TurnItemProps): ReactNode {
  const isVoice = turn.input === "voice";
  const Icon = isVoice ? Mic : Keyboard;
  const seconds = turn.userAudioMs === null ? "" : ` · ${(turn.userAudioMs / 1000).toFixed(1)} s`;
  const placeholder = isLive ? "Spoken question" : "Spoken question, not transcribed";
  return (
    <p className={styles["question"]}>
      <span className={styles["who"]} title={isVoice ? `Spoken${seconds}` : "Typed"}>
        <Icon aria-hidden size={14} />
        <span className="only-heard">{isVoice ? "You said: " : "You typed: "}</span>
      </span>
      {turn.userText ?? (
        <span className={styles["untranscribed"]}>
          {placeholder}
          {seconds}
        </span>
      )}
    </p>
  );
}

function Thinking(): ReactNode {
  return (
    <p className={styles["thinking"]}>
      <span className="only-heard">Thinking</span>
      <span aria-hidden />
      <span aria-hidden />
      <span aria-hidden />
    </p>
  );
}

function CopyButton({ text }: { text: string }): ReactNode {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setIsCopied(true);
    } catch {
      // Refused by the browser: the text can still be selected.
      notify("warning", "The browser did not let Parley copy. Select the text and copy it.");
    }
  };
  return (
    <IconButton label={isCopied ? "Copied" : "Copy"} onClick={() => void copy()}>
      {isCopied ? <Check aria-hidden size={16} /> : <Copy aria-hidden size={16} />}
    </IconButton>
  );
}
