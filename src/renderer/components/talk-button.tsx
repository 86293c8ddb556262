import { Ellipsis, Mic, MicOff, Pause, Square } from "lucide-react";
import { useEffect, useRef, type PointerEvent, type ReactNode } from "react";
import type { Phase } from "../../shared/app-contract.ts";
import { useSession, useStores } from "../session-context.ts";
import type { TalkSource } from "../session/push-to-talk.ts";
import { EndpointRing } from "./endpoint-ring.tsx";
import { levelFraction, ringPath } from "./level-ring.ts";
import { useMicrophoneState } from "./microphone-switch.tsx";
import styles from "./talk-button.module.css";

const names: Readonly<Record<Phase, string>> = {
  idle: "Talk",
  listening: "Send what you said",
  thinking: "Stop and talk",
  speaking: "Stop and talk",
};

/** Hold to talk, tap to start and stop, press to interrupt. Its ring is the level of the microphone. */
export function TalkButton({ source, size }: { source: TalkSource; size: "large" | "small" }): ReactNode {
  const { talk } = useSession();
  const phase = useStores("assistant", (state) => state.phase);
  const isHeld = useStores("assistant", (state) => state.isHeld);
  const isEnding = useStores("assistant", (state) => state.endpoint !== null);
  const isSilent = ["denied", "missing", "muted"].includes(useMicrophoneState());
  const isPointerDown = useRef(false);

  const press = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    // The release must reach us wherever the pointer is by then.
    event.currentTarget.setPointerCapture(event.pointerId);
    isPointerDown.current = true;
    talk.down(source, event.timeStamp);
  };
  const release = (event: PointerEvent<HTMLButtonElement>): void => {
    if (!isPointerDown.current) return;
    isPointerDown.current = false;
    talk.up(event.timeStamp);
  };

  return (
    <button
      type="button"
      data-talk=""
      data-phase={phase}
      data-silent={phase === "idle" && isSilent ? "" : undefined}
      data-ending={isEnding ? "" : undefined}
      data-held={isHeld ? "" : undefined}
      data-size={size}
      className={styles["button"]}
      aria-label={names[phase]}
      aria-pressed={phase === "listening"}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={() => {
        if (isPointerDown.current) talk.blur();
        isPointerDown.current = false;
      }}
      onContextMenu={(event) => event.preventDefault()}
      onClick={(event) => {
        // Pointers were handled above; what is left are Enter and assistive technology.
        if (event.detail === 0) talk.tap(source, event.timeStamp);
      }}
    >
      <LevelRing />
      <span className={styles["disc"]}>
        <PhaseIcon phase={phase} isHeld={isHeld} isSilent={isSilent} />
      </span>
    </button>
  );
}

function PhaseIcon(props: { phase: Phase; isHeld: boolean; isSilent: boolean }): ReactNode {
  const { phase, isHeld, isSilent } = props;
  if (phase === "listening") return <span className={styles["bars"]} aria-hidden />;
  if (phase === "thinking") return <Ellipsis aria-hidden className={styles["glyph"]} />;
  if (phase === "speaking" && isHeld) {
    return <Pause aria-hidden className={styles["glyph"]} fill="currentColor" />;
  }
  if (phase === "speaking") return <Square aria-hidden className={styles["glyph"]} fill="currentColor" />;
  return isSilent ? (
    <MicOff aria-hidden className={styles["glyph"]} />
  ) : (
    <Mic aria-hidden className={styles["glyph"]} />
  );
}

/** Follows the level forty times a second without rendering: one attribute of one path. */
function LevelRing(): ReactNode {
  const { stores } = useSession();
  const path = useRef<SVGPathElement>(null);
  useEffect(() => {
    const history: number[] = [];
    return stores.level.subscribe(({ rms }, before) => {
      // The probability of voice comes in between, from main.
      if (rms === before.rms) return;
      history.unshift(levelFraction(rms));
      history.length = Math.min(history.length, 24);
      path.current?.setAttribute("d", ringPath(history));
    });
  }, [stores]);
  return (
    <svg className={styles["ring"]} viewBox="-60 -60 120 120" aria-hidden>
      <path ref={path} d={ringPath([])} />
      <EndpointRing />
    </svg>
  );
}
