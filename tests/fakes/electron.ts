import { EventEmitter } from "node:events";

/**
 * Stands in for the `electron` package wherever tests run under plain Node: importing the real one starts a download.
 * Only what modules import as values; what they do with it is handed in by their tests.
 */
export const ipcMain = new EventEmitter();
