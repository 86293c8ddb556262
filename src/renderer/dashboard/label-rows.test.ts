import * as fc from "fast-check";
import { expect, test } from "vitest";
import { placeLabels } from "./label-rows.ts";

test("R15 labels of a turn that has room keep theirs", () => {
  const places = placeLabels(
    [
      { x: 100, text: "First token" },
      { x: 130, text: "First word" },
      { x: 400, text: "First audio" },
    ],
    -80,
    600,
  );
  expect(places).toEqual([
    { row: 0, side: "left" },
    { row: 0, side: "right" },
    { row: 0, side: "left" },
  ]);
});

test("R15 labels never cover each other nor leave the chart", () => {
  const label = fc.record({
    x: fc.integer({ min: 0, max: 500 }),
    text: fc.constantFrom("First token", "Heard", "x"),
  });
  fc.assert(
    fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
      const boxes = placeLabels(labels, -80, 500).flatMap((place, index) => {
        if (!place) return [];
        const { x, text } = labels[index]!;
        const length = text.length * 6.2;
        const from = place.side === "left" ? x - 4 - length : x + 4;
        return [{ row: place.row, from, to: from + length }];
      });
      for (const [index, box] of boxes.entries()) {
        expect(box.from).toBeGreaterThanOrEqual(-80);
        expect(box.to).toBeLessThanOrEqual(500);
        for (const other of boxes.slice(index + 1)) {
          expect(box.row !== other.row || box.to < other.from || other.to < box.from).toBe(true);
        }
      }
    }),
  );
});
