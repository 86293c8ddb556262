import { AudioLines } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { MicrophoneSwitch, useMicrophoneState } from "../components/microphone-switch.tsx";
import { TalkButton } from "../components/talk-button.tsx";
import { Figures } from "../components/token-ribbon.tsx";
import { VoiceMeter } from "../components/voice-meter.tsx";
import { useSession, useStores } from "../session-context.ts";
import { IconButton } from "../components/controls.tsx";
import { CaptionText } from "../components/caption-text.tsx";
import { useTalkStatus } from "./talk-status.ts";
import styles from "./overlay-view.module.css";

/** The small window above the others while talking: state, level, the words as they come, and the figures. */
export function OverlayView(): ReactNode {
  const live = useStores("turn", (state) => state.live);
  const phase = useStores("assistant", (state) => state.phase);
  const hasFigures = useStores("settings", ({ settings }) => settings.appearance.tokenOverlay);
  const status = useTalkStatus();
  const isHandsFree = useStores("settings", ({ settings }) => settings.turnTaking.mode === "hands-free");
  const isHearing = useMicrophoneState() === "armed" && isHandsFree;
  const isHeld = useStores("assistant", (state) => state.isHeld);
  const isAnswering = live !== null && phase !== "listening" && live.reply !== "" && !isHeld;
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
            {isHearing && <VoiceMeter />}
          </div>
        )}
        {hasFigures && live && phase !== "listening" && (
          <div className={styles["figures"]}>
            <Figures turn={live} />
          </div>
        )}
      </div>
      <div className={styles["controls"]}>
        <MicrophoneSwitch size="small" />
        <HandsFreeSwitch />
      </div>
    </main>
  );
}

function HandsFreeSwitch(): ReactNode {
  const { commands } = useSession();
  const isOn = useStores("settings", ({ settings }) => settings.turnTaking.mode === "hands-free");
  return (
    <IconButton
      label="Hands-free"
      aria-pressed={isOn}
      onClick={() => void commands.change({ turnTaking: { mode: isOn ? "push-to-talk" : "hands-free" } })}
    >
      <AudioLines aria-hidden size={16} />
    </IconButton>
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
