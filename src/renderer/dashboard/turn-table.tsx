import type { ReactNode } from "react";
import type { LatencyRecord } from "../../shared/app-contract.ts";
import type { SpeculationMetrics } from "../../shared/contract.ts";
import { Badge } from "../components/controls.tsx";
import { formatMs, heatOf } from "../components/heat.ts";
import { formatWhen } from "../components/when.ts";
import { measureNames, measureOf, measures } from "./statistics.ts";
import styles from "./dashboard.module.css";

/** The turns, newest first; choosing one shows its waterfall. */
export function TurnTable(props: {
  readonly records: readonly LatencyRecord[];
  readonly selectedTurnId: string | null;
  readonly onSelect: (turnId: string) => void;
}): ReactNode {
  return (
    <div className={styles["tableBox"]} role="region" aria-label="Turns" tabIndex={0}>
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">Turn</th>
            {measureNames.map((name) => (
              <th key={name} scope="col" data-number="">
                {measures[name].title}
              </th>
            ))}
            <th scope="col" data-number="">
              Ahead
            </th>
            <th scope="col" data-number="">
              Gaps
            </th>
            <th scope="col">How</th>
          </tr>
        </thead>
        <tbody>
          {props.records.map((record) => {
            const isSelected = record.turnId === props.selectedTurnId;
            return (
              <tr key={record.turnId} data-selected={isSelected ? "" : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    aria-pressed={isSelected}
                    aria-label={`Turn of ${formatWhen(record.atMs, Date.now())}`}
                    onClick={() => props.onSelect(record.turnId)}
                  >
                    {formatWhen(record.atMs, Date.now())}
                  </button>
                </th>
                {measureNames.map((name) => {
                  const ms = measureOf(record, name);
                  const { targetMs } = measures[name];
                  const heat = ms !== null && targetMs !== null ? heatOf(ms, targetMs) : undefined;
                  return (
                    <td key={name} data-number="" data-heat={heat}>
                      {formatMs(ms)}
                    </td>
                  );
                })}
                <td data-number="">{aheadCell(record.metrics.speculation)}</td>
                <td data-number="" data-heat={record.queue.underruns > 0 ? "hot" : undefined}>
                  {record.queue.underruns}
                </td>
                <td>
                  <RecordBadges record={record} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** How a turn ran: model, providers, cold or warm, and how it ended. */
export function RecordBadges({ record }: { record: LatencyRecord }): ReactNode {
  const providers =
    record.provider === record.speechProvider
      ? record.provider
      : `${record.provider} + ${record.speechProvider}`;
  return (
    <span className={styles["badges"]}>
      <Badge title="Model and precision">
        {record.model} · {record.dtype}
      </Badge>
      <Badge title="Execution provider">{providers}</Badge>
      {record.isCold && (
        <Badge tone="tide" title="First turn after the models were loaded">
          Cold
        </Badge>
      )}
      <AheadBadge speculation={record.metrics.speculation} />
      {record.input === "text" && <Badge>Typed</Badge>}
      {record.outcome === "interrupted" && <Badge tone="warn">Interrupted</Badge>}
      {record.outcome === "failed" && <Badge tone="bad">Failed</Badge>}
    </span>
  );
}

/** Whether the answer was prepared before the release, and what that saved or cost. */
function AheadBadge({ speculation }: { speculation: SpeculationMetrics }): ReactNode {
  const { outcome, attempts, savedMs, wastedMs } = speculation;
  if (outcome === "none") return null;
  const tried = `Tried at ${attempts} ${attempts === 1 ? "pause" : "pauses"}, ${formatMs(wastedMs)} of work dropped`;
  return outcome === "hit" ? (
    <Badge tone="tide" title={`Prepared before the release. ${tried}`}>
      Ahead −{formatMs(savedMs)}
    </Badge>
  ) : (
    <Badge title={tried}>Ahead in vain</Badge>
  );
}

function aheadCell({ outcome, savedMs }: SpeculationMetrics): string {
  if (outcome === "hit") return `−${formatMs(savedMs)}`;
  return outcome === "miss" ? "miss" : "–";
}
