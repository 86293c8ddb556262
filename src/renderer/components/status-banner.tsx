import { CircleAlert, LoaderCircle, VolumeX } from "lucide-react";
import type { ReactNode } from "react";
import type { EngineState } from "../../shared/app-contract.ts";
import { useSession, useStores } from "../session-context.ts";
import { Button } from "./controls.tsx";
import styles from "./status-banner.module.css";

/** What keeps Parley from answering right now, and what to do about it; nothing when all is well. */
export function StatusBanner(): ReactNode {
  return (
    <div className={styles["slot"]} role="status">
      <Banner />
    </div>
  );
}

function Banner(): ReactNode {
  const { commands, audioOwner, sound } = useSession();
  const status = useStores("connection", (state) => state.status);
  const message = useStores("connection", (state) => state.message);
  const ownsAudio = useStores("connection", (state) => state.ownsAudio);
  const engine = useStores("engine", (state) => state.engine);
  const isBlocked = useStores("player", (state) => state.isBlocked);
  const microphoneProblem = useStores("microphone", (state) => state.message);

  if (status === "lost") {
    return message === null ? (
      <Line tone="calm" icon="wait" text="Reconnecting to the engine…" />
    ) : (
      <Line tone="bad" icon="error" text={message} />
    );
  }
  if (status === "connecting" || !engine) return null;
  const problem = engineProblem(engine);
  if (problem) {
    return (
      <Line
        tone={problem.isOver ? "bad" : "calm"}
        icon={problem.isOver ? "error" : "wait"}
        text={problem.text}
      >
        {problem.isOver && <Button onClick={() => void commands.restartEngine()}>Restart</Button>}
      </Line>
    );
  }
  if (!ownsAudio) {
    return (
      <Line tone="calm" icon="sound" text="Parley talks in another tab.">
        <Button onClick={() => audioOwner.takeOver()}>Talk here</Button>
      </Line>
    );
  }
  if (isBlocked) {
    return (
      <Line tone="calm" icon="sound" text="The browser holds the sound back until you click.">
        <Button onClick={() => sound.wake()}>Play</Button>
      </Line>
    );
  }
  return microphoneProblem === null ? null : <Line tone="calm" icon="error" text={microphoneProblem} />;
}

const icons = { wait: LoaderCircle, error: CircleAlert, sound: VolumeX };

function Line(props: {
  readonly tone: "calm" | "bad";
  readonly icon: keyof typeof icons;
  readonly text: string;
  readonly children?: ReactNode;
}): ReactNode {
  const Icon = icons[props.icon];
  return (
    <div className={styles["banner"]} data-tone={props.tone}>
      <Icon
        aria-hidden
        size={17}
        className={styles["icon"]}
        data-spins={props.icon === "wait" ? "" : undefined}
      />
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}

const partNames = { listener: "Hearing", voxtral: "Answering", kokoro: "Speaking" } as const;

/** The worst of the three processes, in words. */
function engineProblem(engine: EngineState): { text: string; isOver: boolean } | null {
  const parts = ["listener", "voxtral", "kokoro"] as const;
  const over = parts.find((part) => ["gave-up", "failed", "stopped"].includes(engine[part].state));
  if (over) {
    const reason = engine[over].error?.message ?? "Its process ended.";
    return { text: `${partNames[over]} does not work: ${reason}`, isOver: true };
  }
  if (parts.some((part) => engine[part].state === "restarting")) {
    return { text: "A model stopped and is being started again…", isOver: false };
  }
  if (parts.some((part) => engine[part].state === "starting")) {
    return { text: "The models are loading…", isOver: false };
  }
  return null;
}
