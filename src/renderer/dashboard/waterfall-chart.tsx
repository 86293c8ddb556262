import { ToggleGroup } from "@base-ui/react/toggle-group";
import { Toggle } from "@base-ui/react/toggle";
import { AxisTop } from "@visx/axis";
import { Group } from "@visx/group";
import { scaleLinear } from "@visx/scale";
import { useMemo, useState, type ReactNode } from "react";
import type { LatencyRecord } from "../../shared/app-contract.ts";
import { formatMs } from "../components/heat.ts";
import { placeLabels } from "./label-rows.ts";
import { useWidth } from "./use-width.ts";
import { AHEAD_LANE, waterfallOf, type Waterfall, type WaterfallBar } from "./waterfall.ts";
import styles from "./dashboard.module.css";

const LANE_HEIGHT = 26;
const BAR_HEIGHT = 16;
const LEFT = 84;
const TOP = 64;
const NARROWEST_BAR = 3;

/** A turn from the key's release to what was heard; each bar can be chosen to read its numbers. */
export function WaterfallChart({ record }: { record: LatencyRecord }): ReactNode {
  const waterfall = useMemo(() => waterfallOf(record), [record]);
  const [extent, setExtent] = useState<"sound" | "turn">("sound");
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const bars = waterfall.lanes.flatMap((lane) => lane.bars.map((bar) => ({ ...bar, title: lane.title })));
  const chosen = bars.find(({ key }) => key === chosenKey);
  if (waterfall.lanes.length === 0) {
    return <p className={styles["quiet"]}>This turn ended before anything was measured.</p>;
  }
  return (
    <div className={styles["waterfall"]}>
      <ToggleGroup
        className={styles["segmented"]}
        aria-label="Part of the turn"
        value={[extent]}
        onValueChange={([next]) => {
          if (next === "sound" || next === "turn") setExtent(next);
        }}
      >
        <Toggle value="sound">To the first sound</Toggle>
        <Toggle value="turn">Whole turn</Toggle>
      </ToggleGroup>
      <Bars
        waterfall={waterfall}
        fromMs={extent === "sound" ? waterfall.answerStartMs : waterfall.startMs}
        untilMs={extent === "sound" ? waterfall.firstSoundMs * 1.12 : waterfall.endMs}
        chosenKey={chosenKey}
        onChoose={setChosenKey}
      />
      <div className={styles["detail"]} aria-live="polite">
        {chosen ? <BarDetail bar={chosen} title={chosen.title} /> : <p>Choose a bar to read its numbers.</p>}
      </div>
    </div>
  );
}

function Bars(props: {
  readonly waterfall: Waterfall;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly chosenKey: string | null;
  readonly onChoose: (key: string) => void;
}): ReactNode {
  const [box, width] = useWidth<HTMLDivElement>();
  const { lanes, milestones } = props.waterfall;
  const height = TOP + lanes.length * LANE_HEIGHT + 4;
  const right = Math.max(LEFT + 40, width - 8);
  const x = scaleLinear({ domain: [props.fromMs, props.untilMs], range: [0, right - LEFT], clamp: true });
  const shown = milestones.filter(({ atMs }) => atMs <= props.untilMs);
  const labels = shown.map(({ title, atMs }) => ({ x: x(atMs), text: title }));
  const places = placeLabels(labels, -LEFT, right - LEFT + 8);
  return (
    <div ref={box} className={styles["chart"]}>
      {width > 0 && (
        <svg width={width} height={height} role="group" aria-label="Waterfall of the turn">
          <Group left={LEFT} top={TOP}>
            <AxisTop
              top={-34}
              scale={x}
              numTicks={Math.max(3, Math.floor(width / 110))}
              axisClassName={styles["axis"] ?? ""}
              hideTicks
              hideAxisLine
              tickFormat={(value) => (Number(value) === 0 ? "released" : formatMs(Number(value)))}
              tickLabelProps={() => ({ textAnchor: "middle" })}
            />
            <line className={styles["zero"]} x1={x(0)} x2={x(0)} y1={-30} y2={height - TOP} />
            {shown.map(({ title, atMs }, index) => {
              const place = places[index];
              const isLeft = place?.side === "left";
              return (
                <g key={title} className={styles["milestone"]}>
                  <line x1={x(atMs)} x2={x(atMs)} y1={place?.row === 0 ? -24 : -10} y2={height - TOP} />
                  {place && (
                    <text
                      x={x(atMs) + (isLeft ? -4 : 4)}
                      y={place.row === 0 ? -18 : -4}
                      textAnchor={isLeft ? "end" : "start"}
                    >
                      {title}
                    </text>
                  )}
                  <title>{`${title}: ${formatMs(atMs)}`}</title>
                </g>
              );
            })}
          </Group>
          {lanes.map((lane, row) => (
            <Group key={lane.name} top={TOP + row * LANE_HEIGHT}>
              <text className={styles["lane"]} x={0} y={LANE_HEIGHT / 2 + 1} dominantBaseline="middle">
                {lane.title}
              </text>
              <line className={styles["rule"]} x1={0} x2={right} y1={LANE_HEIGHT} y2={LANE_HEIGHT} />
              {lane.bars
                .filter((bar) => bar.startMs <= props.untilMs && bar.endMs >= props.fromMs)
                .map((bar) => (
                  <rect
                    key={bar.key}
                    className={styles["span"]}
                    data-stage={lane.name}
                    data-ahead={bar.ahead ?? undefined}
                    data-chosen={bar.key === props.chosenKey ? "" : undefined}
                    role="button"
                    tabIndex={0}
                    aria-label={`${lane.title}${indexText(bar)}, ${formatMs(bar.endMs - bar.startMs)}${aheadText(bar)}`}
                    x={LEFT + x(bar.startMs)}
                    y={(LANE_HEIGHT - BAR_HEIGHT) / 2}
                    width={Math.max(NARROWEST_BAR, x(bar.endMs) - x(bar.startMs))}
                    height={BAR_HEIGHT}
                    rx={3}
                    onClick={() => props.onChoose(bar.key)}
                    onKeyDown={(event) => {
                      if (event.key !== "Enter" && event.key !== " ") return;
                      event.preventDefault();
                      props.onChoose(bar.key);
                    }}
                  />
                ))}
            </Group>
          ))}
        </svg>
      )}
    </div>
  );
}

function BarDetail({ bar, title }: { bar: WaterfallBar; title: string }): ReactNode {
  const durationMs = bar.endMs - bar.startMs;
  const facts: [string, string][] = [
    ["Starts", formatMs(bar.startMs)],
    ["Ends", formatMs(bar.endMs)],
    ["Takes", formatMs(durationMs)],
  ];
  if (bar.ahead !== null) {
    facts.push(["Before the release", bar.ahead === "used" ? "became the answer" : "dropped"]);
  }
  if (bar.steps > 1 && bar.name !== AHEAD_LANE) facts.push(["Each", formatMs(durationMs / bar.steps)]);
  if (bar.sessionMs !== null) {
    const share = durationMs > 0 ? Math.round((bar.sessionMs / durationMs) * 100) : 100;
    facts.push(["In the model", `${formatMs(bar.sessionMs)} (${share} %)`]);
  }
  return (
    <>
      <h3>
        {title}
        {indexText(bar)}
      </h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function aheadText({ ahead }: WaterfallBar): string {
  if (ahead === null) return "";
  return ahead === "used" ? ", done before the release" : ", done before the release and dropped";
}

function indexText({ firstIndex, lastIndex }: WaterfallBar): string {
  if (firstIndex === null) return "";
  return lastIndex === null || lastIndex === firstIndex
    ? ` ${firstIndex + 1}`
    : ` ${firstIndex + 1}–${lastIndex + 1}`;
}
