import { useState, type ReactNode } from "react";
import { systemClock } from "../../shared/clock.ts";
import { useStores } from "../session-context.ts";
import styles from "./talk-button.module.css";

/** Runs empty while a pause lasts that will send the question. Nothing when none does. */
export function EndpointRing(): ReactNode {
  const endpoint = useStores("assistant", (state) => state.endpoint);
  return endpoint && <Countdown key={endpoint.pausedAtMs} {...endpoint} />;
}

function Countdown(props: { readonly pausedAtMs: number; readonly endPauseMs: number }): ReactNode {
  const offsetMs = useStores("connection", (state) => state.clockOffsetMs);
  // Where it stands when it appears; from there on the browser counts.
  const [passedMs] = useState(() => Math.max(0, systemClock.nowMs() + offsetMs - props.pausedAtMs));
  return (
    <circle
      className={styles["endpoint"]}
      r={41.5}
      pathLength={1}
      transform="rotate(-90)"
      style={{ animationDuration: `${props.endPauseMs}ms`, animationDelay: `${-passedMs}ms` }}
    />
  );
}
