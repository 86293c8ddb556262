import { useMemo, type ReactNode } from "react";
import { captionWords } from "../audio/captions.ts";
import { useStores } from "../session-context.ts";
import styles from "./caption-text.module.css";

/**
 * A reply, with the word that sounds right now marked and what is still to be said in a lighter ink. `spokenAs` is the
 * id under which it is being spoken: its own, or that of a replay.
 */
export function CaptionText({ reply, spokenAs }: { reply: string; spokenAs: string }): ReactNode {
  const isSpoken = useStores("captions", ({ turnId, hasEnded }) => turnId === spokenAs && !hasEnded);
  const hasCaptions = useStores("settings", ({ settings }) => settings.appearance.captions);
  return isSpoken && hasCaptions ? <SpokenText reply={reply} /> : <p className={styles["text"]}>{reply}</p>;
}

function SpokenText({ reply }: { reply: string }): ReactNode {
  const chunks = useStores("captions", (state) => state.chunks);
  const wordIndex = useStores("captions", (state) => state.wordIndex);
  const words = useMemo(() => chunks.flatMap((chunk) => captionWords(chunk, reply)), [chunks, reply]);
  const word = words[wordIndex];
  const start = word?.replyStart ?? 0;
  const end = word?.replyEnd ?? 0;
  return (
    <p className={styles["text"]}>
      {reply.slice(0, start)}
      {end > start && <mark className={styles["word"]}>{reply.slice(start, end)}</mark>}
      <span className={styles["ahead"]}>{reply.slice(end)}</span>
    </p>
  );
}
