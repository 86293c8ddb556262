import { Gauge } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import type { LatencyRecord } from "../../shared/app-contract.ts";
import type { SpeculationMetrics } from "../../shared/contract.ts";
import { formatMs } from "../components/heat.ts";
import { SelectField } from "../components/select-field.tsx";
import { AheadCard } from "../dashboard/ahead-card.tsx";
import { Filters } from "../dashboard/filters.tsx";
import { MeasureCard } from "../dashboard/measure-card.tsx";
import {
  healthOf,
  measureNames,
  measureOf,
  measures,
  valuesOf,
  type MeasureName,
} from "../dashboard/statistics.ts";
import { TrendChart } from "../dashboard/trend-chart.tsx";
import { RecordBadges, TurnTable } from "../dashboard/turn-table.tsx";
import { WaterfallChart } from "../dashboard/waterfall-chart.tsx";
import { useSession, useStores } from "../session-context.ts";
import styles from "../dashboard/dashboard.module.css";

/** How fast the turns were, where the time went, and how far that is from the targets. */
export function DashboardView(): ReactNode {
  const { stores, commands } = useSession();
  const records = useStores("latency", (state) => state.records);
  const hasLoaded = useStores("latency", (state) => state.hasLoaded);
  const selectedTurnId = useStores("latency", (state) => state.selectedTurnId);
  const selected = records.find(({ turnId }) => turnId === selectedTurnId) ?? records[0];
  const select = (turnId: string): void => stores.latency.setState({ selectedTurnId: turnId });
  useEffect(() => {
    void commands.loadLatency(stores.latency.getState().filter);
  }, [commands, stores]);
  return (
    <div className={styles["view"]}>
      <Filters />
      {records.length === 0 ? (
        hasLoaded && <NoTurns />
      ) : (
        <>
          <div className={styles["cards"]}>
            {measureNames.map((name) => (
              <MeasureCard
                key={name}
                name={name}
                values={valuesOf(records, (record) => measureOf(record, name))}
              />
            ))}
            <AheadCard records={records} />
          </div>
          <HealthStrip records={records} />
          {selected && <SelectedTurn record={selected} />}
          <Trend records={records} selectedTurnId={selected?.turnId ?? null} onSelect={select} />
          <section className={styles["panel"]} aria-label="All turns">
            <TurnTable records={records} selectedTurnId={selected?.turnId ?? null} onSelect={select} />
          </section>
        </>
      )}
    </div>
  );
}

/** The turn in detail: what ran it, what it read, and the waterfall. */
function SelectedTurn({ record }: { record: LatencyRecord }): ReactNode {
  const { metrics, outputLatencyMs, transportMs } = record;
  const facts: [string, string][] = [
    ["Prompt", `${metrics.prefillTokens} read, ${metrics.reusedTokens} reused`],
    ["Reply", `${metrics.tokens} tokens, ${metrics.words} words, ${metrics.audioSeconds.toFixed(1)} s`],
    ["Question", record.userAudioMs === null ? "typed" : `${(record.userAudioMs / 1000).toFixed(1)} s`],
    ["Transport", formatMs(transportMs)],
    ...aheadFacts(metrics.speculation),
    ["Output", formatMs(outputLatencyMs)],
  ];
  return (
    <section className={styles["panel"]} aria-label="Selected turn">
      <header className={styles["panelHead"]}>
        <h2>
          Turn of{" "}
          {new Date(record.atMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}
        </h2>
        <RecordBadges record={record} />
      </header>
      <dl className={styles["facts"]}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <WaterfallChart key={record.turnId} record={record} />
    </section>
  );
}

function aheadFacts({ outcome, savedMs, wastedMs }: SpeculationMetrics): [string, string][] {
  if (outcome === "none") return [];
  const dropped = `${formatMs(wastedMs)} dropped`;
  return [["Ahead", outcome === "hit" ? `${formatMs(savedMs)} saved, ${dropped}` : dropped]];
}

function HealthStrip({ records }: { records: readonly LatencyRecord[] }): ReactNode {
  const health = healthOf(records);
  const stopToSilenceMs = useStores("player", (state) => state.stopToSilenceMs);
  const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);
  const facts: [string, string, string][] = [
    [
      "Real-time factor",
      health.realTimeFactor?.toFixed(2) ?? "–",
      "Time to make speech ÷ its length; below 1 it keeps up",
    ],
    ["Without gaps", percent(health.continuity), `${health.underruns} gaps in ${health.turns} turns`],
    ["In the queue", formatMs(health.queueMs), "From a finished chunk to its sending"],
    ["Sending", formatMs(health.sendMs), "From sending to the player's receipt"],
    [
      "Newest stop",
      formatMs(stopToSilenceMs),
      "From the newest interruption's arrival in the player to silence; 50 ms at most",
    ],
    ["Prompt reused", percent(health.reusedShare), "Prompt tokens that came from the cache"],
    ["Cold turns", `${health.coldTurns} of ${health.turns}`, "First turns after the models were loaded"],
  ];
  return (
    <dl className={styles["health"]}>
      {facts.map(([name, value, explanation]) => (
        <div key={name} title={explanation}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Trend(props: {
  readonly records: readonly LatencyRecord[];
  readonly selectedTurnId: string | null;
  readonly onSelect: (turnId: string) => void;
}): ReactNode {
  const [name, setName] = useState<MeasureName>("keyToSoundMs");
  return (
    <section className={styles["panel"]} aria-label="Turn by turn">
      <header className={styles["panelHead"]}>
        <h2>Turn by turn</h2>
        <SelectField
          isCompact
          label="Measure"
          value={name}
          groups={[
            {
              heading: null,
              options: measureNames.map((value) => ({ value, label: measures[value].title })),
            },
          ]}
          onChange={(value) => setName(measureNames.find((known) => known === value) ?? name)}
        />
      </header>
      <TrendChart name={name} {...props} />
    </section>
  );
}

function NoTurns(): ReactNode {
  return (
    <section className={styles["none"]}>
      <Gauge aria-hidden size={40} strokeWidth={1.4} />
      <h2>Nothing measured yet</h2>
      <p>
        Ask something, and every stage of the answer shows up here, from the key's release to the first sound
        you hear. Or loosen the filters.
      </p>
      <a href="#/">Ask a question</a>
    </section>
  );
}
