import { useEffect, useRef, type ReactNode } from "react";
import { TalkButton } from "../components/talk-button.tsx";
import { Figures } from "../components/token-ribbon.tsx";
import { useStores } from "../session-context.ts";
import { CaptionText } from "../components/caption-text.tsx";
import { useTalkStatus } from "./talk-status.ts";
import styles from "./overlay-view.module.css";

/** The small window above the others while talking: state, level, the words as they come, and the figures. */
export function OverlayView(): ReactNode {
  const live = useStores("turn", (state) => state.live);
  const phase = useStores("assistant", (state) => state.phase);
  const hasFigures = useStores("settings", ({ settings }) => settings.appearance.tokenOverlay);
  const status = useTalkStatus();
  const isAnswering = live !== null && phase !== "listening" && live.reply !== "";
  return (
    <main className={styles["card"]} data-phase={phase} aria-label="Parley">
      <h1 className="only-heard">Parley</h1>
      <TalkButton source="overlay" size="small" />
      <div className={styles["words"]}>
        {isAnswering ? (
          <Captions reply={live.reply} turnId={live.turnId} />
        ) : (
          <div className={styles["status"]} role="status">
            <strong>{status.name}</strong>
            <span>{status.hint}</span>
          </div>
        )}
        {hasFigures && live && phase !== "listening" && (
          <div className={styles["figures"]}>
            <Figures turn={live} />
          </div>
        )}
      </div>
    </main>
  );
}

/** Two lines that keep the spoken word in sight. */
function Captions({ reply, turnId }: { reply: string; turnId: string }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const wordIndex = useStores("captions", (state) => state.wordIndex);
  useEffect(() => {
    const word = box.current?.querySelector("mark");
    if (box.current) box.current.scrollTop = word ? word.offsetTop - box.current.offsetTop - 4 : 0;
  }, [wordIndex, reply]);
  return (
    <div className={styles["captions"]} ref={box} aria-live="polite">
      <CaptionText reply={reply} spokenAs={turnId} />
    </div>
  );
}
