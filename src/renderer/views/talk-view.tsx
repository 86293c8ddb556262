import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { TokenRibbon } from "../components/token-ribbon.tsx";
import { TurnItem } from "../components/turn-item.tsx";
import { useStores } from "../session-context.ts";
import { asStoredTurn } from "../stores/conversation-record.ts";
import { Dock } from "./dock.tsx";
import { EmptyConversation } from "./empty-conversation.tsx";
import styles from "./talk-view.module.css";

/** The conversation: what was said, what is being said, and the dock to say more. */
export function TalkView(): ReactNode {
  const current = useStores("conversations", (state) => state.current);
  const live = useStores("turn", (state) => state.live);
  const hasOverlay = useStores("settings", ({ settings }) => settings.appearance.tokenOverlay);
  const turns = useMemo(() => {
    const stored = current?.turns ?? [];
    const isOfThis = live !== null && (!current || live.conversationId === current.summary.id);
    if (!isOfThis || live.outcome !== null || stored.some(({ id }) => id === live.turnId)) return stored;
    return [...stored, asStoredTurn(live, stored.length, 0)];
  }, [current, live]);
  const newest = turns.at(-1);
  const hasLiveFigures = hasOverlay && live !== null && newest?.id === live.turnId;
  return (
    <div className={styles["view"]}>
      <Transcript length={turns.length} growth={newest?.reply.length ?? 0}>
        {turns.length === 0 ? (
          <EmptyConversation />
        ) : (
          <ol className={styles["turns"]} aria-label="Conversation">
            {turns.map((turn) => (
              <TurnItem
                key={turn.id}
                turn={turn}
                isLive={turn.id === live?.turnId && live.outcome === null}
              />
            ))}
          </ol>
        )}
      </Transcript>
      <div className={styles["foot"]}>
        {hasLiveFigures && <TokenRibbon turn={live} hasTokens />}
        <Dock />
      </div>
    </div>
  );
}

/** Scrolls with what is being said, unless the person scrolled up to read. */
function Transcript(props: { length: number; growth: number; children: ReactNode }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const { current } = scroller;
    if (current && isAtEnd.current) current.scrollTop = current.scrollHeight;
  }, [props.growth]);
  useEffect(() => {
    const { current } = scroller;
    isAtEnd.current = true;
    if (current) current.scrollTop = current.scrollHeight;
  }, [props.length]);
  return (
    // A region that scrolls must be reachable by key.
    <div
      ref={scroller}
      className={styles["scroller"]}
      role="region"
      aria-label="Conversation"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 48;
      }}
    >
      <div className={styles["column"]}>{props.children}</div>
    </div>
  );
}
