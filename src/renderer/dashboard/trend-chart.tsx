import { AxisLeft } from "@visx/axis";
import { Group } from "@visx/group";
import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import type { ReactNode } from "react";
import type { LatencyRecord } from "../../shared/app-contract.ts";
import { percentile } from "../../shared/metrics.ts";
import { formatMs } from "../components/heat.ts";
import { formatWhen } from "../components/when.ts";
import { measureOf, measures, type MeasureName } from "./statistics.ts";
import { useWidth } from "./use-width.ts";
import styles from "./dashboard.module.css";

const HEIGHT = 150;
const LEFT = 44;
const TOP = 8;
/** Turns the running median looks back on: enough to be steady, few enough to show a change. */
const WINDOW_TURNS = 9;

interface Point {
  readonly record: LatencyRecord;
  readonly ms: number;
}

/** A measure turn by turn, oldest first, with its running median and the target. */
export function TrendChart(props: {
  readonly name: MeasureName;
  /** Newest first. */
  readonly records: readonly LatencyRecord[];
  readonly selectedTurnId: string | null;
  readonly onSelect: (turnId: string) => void;
}): ReactNode {
  const [box, width] = useWidth<HTMLDivElement>();
  const { title, targetMs } = measures[props.name];
  const points = props.records
    .flatMap((record): Point[] => {
      const ms = measureOf(record, props.name);
      return ms === null ? [] : [{ record, ms }];
    })
    .toReversed();
  const highest = Math.max(targetMs ?? 1, ...points.map(({ ms }) => ms));
  const x = scaleLinear({
    domain: [0, Math.max(1, points.length - 1)],
    range: [6, Math.max(7, width - LEFT - 6)],
  });
  const y = scaleLinear({ domain: [0, highest * 1.1], range: [HEIGHT, 0], nice: true });
  const median = points.map((_, index) =>
    percentile(
      points.slice(Math.max(0, index - WINDOW_TURNS + 1), index + 1).map(({ ms }) => ms),
      0.5,
    ),
  );
  return (
    <div ref={box} className={styles["chart"]}>
      {width > 0 && (
        <svg width={width} height={HEIGHT + TOP + 8} role="img" aria-label={`${title}, turn by turn`}>
          <Group left={LEFT} top={TOP}>
            <AxisLeft
              scale={y}
              numTicks={4}
              hideAxisLine
              hideTicks
              axisClassName={styles["axis"] ?? ""}
              tickFormat={(value) => `${Number(value)}`}
              tickLabelProps={() => ({ textAnchor: "end", dx: -4, dy: 3 })}
            />
            {targetMs !== null && (
              <line className={styles["target"]} x1={0} x2={width - LEFT} y1={y(targetMs)} y2={y(targetMs)} />
            )}
            <LinePath
              data={median}
              x={(_, index) => x(index)}
              y={(ms) => y(ms)}
              className={styles["median-line"] ?? ""}
            />
            {points.map(({ record, ms }, index) => (
              <circle
                key={record.turnId}
                className={styles["dot"]}
                data-cold={record.isCold ? "" : undefined}
                data-selected={record.turnId === props.selectedTurnId ? "" : undefined}
                cx={x(index)}
                cy={y(ms)}
                r={record.turnId === props.selectedTurnId ? 5 : 3}
                onClick={() => props.onSelect(record.turnId)}
              >
                <title>{`${formatMs(ms)} · ${formatWhen(record.atMs, Date.now())}${record.isCold ? " · cold" : ""}`}</title>
              </circle>
            ))}
          </Group>
        </svg>
      )}
    </div>
  );
}
