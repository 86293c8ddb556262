import { AxisBottom } from "@visx/axis";
import { scaleLinear } from "@visx/scale";
import type { ReactNode } from "react";
import { formatMs, heatOf } from "../components/heat.ts";
import { histogramOf, type Histogram } from "./histogram.ts";
import { measures, summarise, type MeasureName } from "./statistics.ts";
import { useWidth } from "./use-width.ts";
import styles from "./dashboard.module.css";

const HEIGHT = 64;
const AXIS_HEIGHT = 18;

/** One measure over all turns: its percentiles against the target and how its values are spread. */
export function MeasureCard({ name, values }: { name: MeasureName; values: readonly number[] }): ReactNode {
  const { title, targetMs } = measures[name];
  const summary = summarise(values);
  const heat = summary && targetMs !== null ? heatOf(summary.p50, targetMs) : undefined;
  return (
    <section className={styles["card"]} aria-label={title}>
      <header className={styles["cardHead"]}>
        <h2>{title}</h2>
        {targetMs !== null && <span title="Target">&lt; {targetMs} ms</span>}
      </header>
      <p className={styles["median"]} data-heat={heat}>
        {formatMs(summary?.p50 ?? null)}
        <span className={styles["unit"]}>median</span>
      </p>
      <dl className={styles["percentiles"]}>
        <div>
          <dt>p95</dt>
          <dd>{formatMs(summary?.p95 ?? null)}</dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>{formatMs(summary?.p99 ?? null)}</dd>
        </div>
        <div>
          <dt>turns</dt>
          <dd>{summary?.count ?? 0}</dd>
        </div>
      </dl>
      <HistogramChart histogram={histogramOf(values, targetMs)} targetMs={targetMs} title={title} />
    </section>
  );
}

export function HistogramChart(props: {
  readonly histogram: Histogram;
  readonly targetMs: number | null;
  readonly title: string;
}): ReactNode {
  const [box, width] = useWidth<HTMLDivElement>();
  const { bins, upToMs, beyond } = props.histogram;
  const x = scaleLinear({ domain: [0, upToMs], range: [0, width] });
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const y = scaleLinear({ domain: [0, most], range: [0, HEIGHT] });
  const { targetMs } = props;
  return (
    <div ref={box} className={styles["chart"]}>
      {width > 0 && (
        <svg width={width} height={HEIGHT + AXIS_HEIGHT} role="img" aria-label={describe(props)}>
          {bins.map(({ fromMs, toMs, count }) => (
            <rect
              key={fromMs}
              className={styles["bin"]}
              data-late={targetMs !== null && fromMs >= targetMs ? "" : undefined}
              x={x(fromMs) + 0.5}
              y={HEIGHT - y(count)}
              width={Math.max(1, x(toMs) - x(fromMs) - 1)}
              height={y(count)}
            />
          ))}
          {targetMs !== null && (
            <line className={styles["target"]} x1={x(targetMs)} x2={x(targetMs)} y1={0} y2={HEIGHT} />
          )}
          <AxisBottom
            top={HEIGHT}
            scale={x}
            tickValues={readableTicks(x, width)}
            hideTicks
            axisClassName={styles["axis"] ?? ""}
            tickLabelProps={(value) => ({ dy: -2, textAnchor: anchorAt(x(Number(value)), width) })}
          />
        </svg>
      )}
      {beyond > 0 && (
        <p className={styles["beyond"]}>
          {beyond} slower than {formatMs(upToMs)}
        </p>
      )}
    </div>
  );
}

/** Of an average digit of the axis font, and between two labels. */
const DIGIT_PX = 7;
const LABEL_GAP_PX = 10;

/** As many round values as have room for their labels, the last of which may be pushed inwards by half its width. */
function readableTicks(x: ReturnType<typeof scaleLinear<number>>, width: number): number[] {
  for (let count = Math.floor(width / 64); count > 1; count--) {
    const ticks = x.ticks(count);
    const [first = 0, second = Infinity] = ticks.map((value) => x(value));
    const labelPx = (ticks.at(-1) ?? 0).toLocaleString("en").length * DIGIT_PX;
    const isLastPushed = anchorAt(x(ticks.at(-1) ?? 0), width) === "end";
    if (second - first >= LABEL_GAP_PX + labelPx * (isLastPushed ? 1.5 : 1)) return ticks;
  }
  return x.ticks(1);
}

/** Labels at the ends of the axis stay inside the card. */
function anchorAt(x: number, width: number): "start" | "middle" | "end" {
  if (x < 16) return "start";
  return x > width - 16 ? "end" : "middle";
}

function describe({ histogram, targetMs, title }: Parameters<typeof HistogramChart>[0]): string {
  const total = histogram.bins.reduce((sum, { count }) => sum + count, histogram.beyond);
  const late = histogram.bins
    .filter(({ fromMs }) => targetMs !== null && fromMs >= targetMs)
    .reduce((sum, { count }) => sum + count, histogram.beyond);
  return targetMs === null
    ? `${title}: histogram of ${total} turns`
    : `${title}: histogram of ${total} turns, ${late} at or over the target of ${targetMs} ms`;
}
