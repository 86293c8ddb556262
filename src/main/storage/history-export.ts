import type { ConversationRecord, StoredTurn } from "../../shared/app-contract.ts";

export interface ExportedFile {
  readonly fileName: string;
  readonly mimeType: string;
  readonly content: string;
}

/** A conversation as a file to save: everything as JSON, or to read as Markdown. */
export function exportConversation(record: ConversationRecord, format: "json" | "markdown"): ExportedFile {
  const baseName = fileNameOf(record.summary.title);
  if (format === "json") {
    const content = `${JSON.stringify({ format: "parley-conversation", version: 1, ...record }, null, 2)}\n`;
    return { fileName: `${baseName}.json`, mimeType: "application/json", content };
  }
  const head = `# ${oneLine(record.summary.title)}\n\n${dateOf(record.summary.createdAtMs)}\n`;
  const content = [head, ...record.turns.map(turnInMarkdown)].join("\n");
  return { fileName: `${baseName}.md`, mimeType: "text/markdown", content };
}

function turnInMarkdown(turn: StoredTurn): string {
  const question = turn.userText ?? "(spoken, not transcribed)";
  const remark =
    turn.outcome === "interrupted"
      ? "\n\n*(interrupted)*"
      : turn.outcome === "failed"
        ? `\n\n*(failed${turn.errorMessage ? `: ${turn.errorMessage}` : ""})*`
        : "";
  return `**You:** ${question}\n\n**Parley:** ${turn.reply}${remark}\n`;
}

/** A name every file system takes: letters and digits of any script, at most 60 of them. */
function fileNameOf(title: string): string {
  const name = title
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "");
  return Array.from(name).slice(0, 60).join("") || "conversation";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
