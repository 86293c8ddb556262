import type { ReactNode } from "react";
import type { LatencyRecord } from "../../shared/app-contract.ts";
import { formatMs } from "../components/heat.ts";
import { histogramOf } from "./histogram.ts";
import { HistogramChart } from "./measure-card.tsx";
import { aheadOf, summarise } from "./statistics.ts";
import styles from "./dashboard.module.css";

/** How often the answer was prepared before the release, and what that brought. */
export function AheadCard({ records }: { records: readonly LatencyRecord[] }): ReactNode {
  const { turns, hitRate, savedMs, wastedMs } = aheadOf(records);
  const saved = summarise(savedMs);
  const facts: [string, string][] = [
    ["saved, median", formatMs(saved?.p50 ?? null)],
    ["saved, most", formatMs(saved?.max ?? null)],
    ["work dropped", formatMs(turns === 0 ? null : wastedMs)],
    ["turns", String(turns)],
  ];
  return (
    <section className={styles["card"]} data-wide="" aria-label="Answered ahead">
      <header className={styles["cardHead"]}>
        <h2>Answered ahead</h2>
        <span>time before the release</span>
      </header>
      <p className={styles["median"]}>
        {hitRate === null ? "–" : `${Math.round(hitRate * 100)} %`}
        <span className={styles["unit"]}>of the turns with a pause</span>
      </p>
      <dl className={styles["percentiles"]}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {savedMs.length > 0 ? (
        <HistogramChart histogram={histogramOf(savedMs, null)} targetMs={null} title="Saved" />
      ) : (
        <p className={styles["quiet"]}>
          A pause of a moment before you let go is enough: the answer is prepared in it.
        </p>
      )}
    </section>
  );
}
