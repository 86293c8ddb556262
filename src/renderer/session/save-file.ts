/** Hands text to the browser as a download. */
export function saveFile(file: { fileName: string; mimeType: string; content: string }): void {
  const url = URL.createObjectURL(new Blob([file.content], { type: file.mimeType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.fileName;
  link.click();
  // The download has its own reference by the next task; keeping ours would keep the text in memory.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
