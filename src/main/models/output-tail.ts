import type { Readable } from "node:stream";

const maxLines = 40;
const maxLineLength = 400;

/** Keeps the last lines of a child's output: enough to explain a crash, never enough to fill memory. */
export class OutputTail {
  #lines: string[] = [];

  /** Reads `stream` to its end; lines of several streams mix in order of arrival. */
  follow(stream: Readable | null): void {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(0, maxLineLength);
      for (const line of lines) this.#add(line);
    });
    stream?.on("end", () => this.#add(rest));
    // A broken pipe only means that there is nothing more to read.
    stream?.on("error", () => {});
  }

  lines(): readonly string[] {
    return [...this.#lines];
  }

  #add(line: string): void {
    if (line.trim() === "") return;
    this.#lines.push(line.slice(0, maxLineLength));
    if (this.#lines.length > maxLines) this.#lines.shift();
  }
}
