import { memo, useEffect, useRef, type ReactNode } from "react";
import { latencyTargets } from "../../shared/metrics.ts";
import { figuresOf, type LiveTurn, type TokenMark } from "../stores/live-turn.ts";
import { figureNames, figureOrder, formatMs, heatOf } from "./heat.ts";
import styles from "./token-ribbon.module.css";

/** A bar of this many pixels is a token exactly on its budget. */
const BUDGET_HEIGHT_PX = 18;

/** The running figures of a turn and each of its tokens with its own latency. */
export function TokenRibbon({ turn, hasTokens }: { turn: LiveTurn; hasTokens: boolean }): ReactNode {
  return (
    <section className={styles["panel"]} aria-label="Latency of this turn">
      <Figures turn={turn} />
      {hasTokens && <Tokens tokens={turn.tokens} />}
    </section>
  );
}

/** The four figures against their targets, as far as they are known. */
export function Figures({ turn }: { turn: LiveTurn }): ReactNode {
  const figures = figuresOf(turn);
  const ahead = turn.metrics?.speculation;
  return (
    <dl className={styles["figures"]}>
      {figureOrder.map((name) => {
        const ms = figures[name];
        const targetMs = latencyTargets[name];
        return (
          <div
            key={name}
            className={styles["figure"]}
            data-heat={ms === null ? undefined : heatOf(ms, targetMs)}
            title={`Target: under ${targetMs} ms`}
          >
            <dt>{figureNames[name]}</dt>
            <dd>
              {formatMs(ms)}
              {ms !== null && ms > targetMs && <span className="only-heard"> over the target</span>}
            </dd>
          </div>
        );
      })}
      {ahead?.outcome === "hit" && (
        <div className={styles["figure"]} data-ahead="" title="Worked on in a pause, before the release">
          <dt>Answered ahead</dt>
          <dd>−{formatMs(ahead.savedMs)}</dd>
        </div>
      )}
    </dl>
  );
}

function Tokens({ tokens }: { tokens: readonly TokenMark[] }): ReactNode {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ left: list.current.scrollWidth });
  }, [tokens.length]);
  // Read out, this would drown the reply itself: the captions are what screen readers follow.
  return (
    <ol className={styles["tokens"]} ref={list} aria-hidden>
      {tokens.map((token) => (
        <Token key={token.index} token={token} />
      ))}
    </ol>
  );
}

/** Drawn once: a token never changes, and a long reply has hundreds. */
const Token = memo(function Token({ token }: { token: TokenMark }): ReactNode {
  const budgetMs = token.sincePreviousMs === null ? latencyTargets.firstTokenMs : latencyTargets.interTokenMs;
  const ms = token.sincePreviousMs ?? token.tMs;
  const height = Math.max(2, Math.min(1.6, ms / budgetMs) * BUDGET_HEIGHT_PX);
  return (
    <li
      className={styles["token"]}
      data-heat={heatOf(ms, budgetMs)}
      title={`${formatMs(ms)} · at ${formatMs(token.tMs)}`}
    >
      <span className={styles["bar"]} style={{ height }} />
      <span className={styles["text"]}>{token.text.replace(/\n/g, "↵") || "·"}</span>
    </li>
  );
});
