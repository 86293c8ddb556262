/**
 * Silence after a part, by its last mark. The values are those the demo voices make of the same marks inside a text
 * (medians of the golden recordings: comma 175 ms, semicolon 275 ms, sentence 380 ms), so a reply that was cut into
 * parts has the rhythm of one said in one go.
 */
const pauseMsByMark: ReadonlyMap<string, number> = new Map([
  ...marksOf(",，、", 170),
  ...marksOf(";；:：—–", 270),
  ...marksOf(".!?。！？।", 370),
  ...marksOf("…", 450),
]);

/** Milliseconds of silence after `text` at `speed`; 0 after a part that was cut off in the middle of a clause. */
export function pauseAfterMs(text: string, speed: number): number {
  // Quotes and brackets close after the mark that counts.
  const said = text.replace(/[\s"'”’»)\]}*_]+$/u, "");
  const pauseMs = said.endsWith("...") ? pauseMsByMark.get("…") : pauseMsByMark.get(said.slice(-1));
  return (pauseMs ?? 0) / speed;
}

function marksOf(marks: string, pauseMs: number): [string, number][] {
  return Array.from(marks, (mark) => [mark, pauseMs]);
}
