import { useEffect, useRef, type ReactNode } from "react";
import { useSession, useStores } from "../session-context.ts";
import styles from "./voice-meter.module.css";

/** How sure the listener is that it hears voice, against the threshold from which on it counts. */
export function VoiceMeter({ threshold }: { readonly threshold?: number }): ReactNode {
  const { stores } = useSession();
  const set = useStores("settings", ({ settings }) => settings.turnTaking.speechThreshold);
  const from = threshold ?? set;
  const meter = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const show = ({ speech }: { readonly speech: number }): void => {
      bar.current?.style.setProperty("transform", `scaleX(${speech.toFixed(3)})`);
      meter.current?.toggleAttribute("data-voice", speech >= from);
    };
    show(stores.level.getState());
    return stores.level.subscribe(show);
  }, [stores, from]);
  // What it means is said in words beside it; read out, it would never stop.
  return (
    <div className={styles["meter"]} ref={meter} aria-hidden>
      <div className={styles["bar"]} ref={bar} />
      <div className={styles["threshold"]} style={{ left: `${from * 100}%` }} />
    </div>
  );
}
