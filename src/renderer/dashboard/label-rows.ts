/** A label beside a vertical line at `x`. */
export interface LineLabel {
  readonly x: number;
  readonly text: string;
}

/** Where a label goes: a row, and the side of its line. */
export interface LabelPlace {
  readonly row: 0 | 1;
  readonly side: "left" | "right";
}

/** Of an average character of the axis font, and the gap to the line and the next label. */
const CHARACTER_PX = 6.2;
const GAP_PX = 4;

/**
 * Finds a place for each label, in order, so that none covers another; null for one that fits nowhere, whose line then
 * stands for itself. `left` and `right` bound the chart.
 */
export function placeLabels(
  labels: readonly LineLabel[],
  left: number,
  right: number,
): readonly (LabelPlace | null)[] {
  const taken: [from: number, to: number][][] = [[], []];
  return labels.map(({ x, text }) => {
    const length = text.length * CHARACTER_PX;
    for (const row of [0, 1] as const) {
      for (const side of ["left", "right"] as const) {
        const from = side === "left" ? x - GAP_PX - length : x + GAP_PX;
        const isFree = taken[row]!.every(
          ([start, end]) => from > end + GAP_PX || from + length < start - GAP_PX,
        );
        if (from < left || from + length > right || !isFree) continue;
        taken[row]!.push([from, from + length]);
        return { row, side };
      }
    }
    return null;
  });
}
