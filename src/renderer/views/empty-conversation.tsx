import { MessageCircleQuestion } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, useStores } from "../session-context.ts";
import styles from "./empty-conversation.module.css";

/** What a new conversation shows: how to talk, and questions to try without a microphone. */
export function EmptyConversation(): ReactNode {
  const { commands, sound } = useSession();
  const samples = useStores("connection", (state) => state.samples);
  const isDemo = useStores("engine", ({ engine }) => engine?.isDemo ?? false);
  const globalKey = useStores("settings", ({ settings }) => settings.pushToTalk.globalKey);
  const hotkey = useStores("connection", (state) => state.hotkey);
  const hasGlobalKey = globalKey !== "" && hotkey !== null && hotkey.level !== "none";
  return (
    <section className={styles["empty"]} aria-label="How to begin">
      <h2>Hold, speak, let go.</h2>
      <p className={styles["lead"]}>
        Parley answers aloud before you expect it. Nothing you say leaves this machine.
      </p>
      <ul className={styles["ways"]}>
        <li>
          <kbd>Space</kbd>
          <span>
            <b>Hold</b> it, or the button below, and ask. Let go to send.
          </span>
        </li>
        <li>
          <kbd>Space</kbd>
          <span>
            <b>Tap</b> to talk with free hands; tap again to send.
          </span>
        </li>
        <li>
          <kbd>Esc</kbd>
          <span>
            <b>Stop</b> an answer. Pressing Space stops it and listens.
          </span>
        </li>
        {hasGlobalKey && (
          <li>
            <kbd>{globalKey}</kbd>
            <span>
              <b>Anywhere</b>,{" "}
              {hotkey.level === "full" ? "also behind other windows." : "tap to start, tap to send."}
            </span>
          </li>
        )}
      </ul>
      {samples.length > 0 && (
        <>
          <h3>{isDemo ? "Questions the demo models know" : "Try one of these"}</h3>
          <ul className={styles["samples"]}>
            {samples.map(({ id, question }) => (
              <li key={id}>
                <button
                  type="button"
                  onClick={() => {
                    sound.wake();
                    void commands.askSample(id);
                  }}
                >
                  <MessageCircleQuestion aria-hidden size={16} />
                  {question}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {isDemo && (
        <p className={styles["demo"]}>
          You are talking to the demo, which knows little more than these.{" "}
          <a href="#/models">Get a real model</a>
        </p>
      )}
    </section>
  );
}
