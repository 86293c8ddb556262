import { workerData } from "node:worker_threads";

/**
 * A thread that ends its process when the parent is gone. The event loop notices a lost parent by itself, but not while
 * it is blocked in a native call, and a hung driver would leave an orphan that holds the GPU's memory for ever.
 */
const checkEveryMs = 500;
const parentPid = Number(workerData);

setInterval(() => {
  if (!isParentAlive()) process.kill(process.pid, "SIGKILL");
}, checkEveryMs);

function isParentAlive(): boolean {
  // An orphan gets another parent, except on Windows.
  if (process.ppid !== parentPid) return false;
  try {
    return process.kill(parentPid, 0);
  } catch {
    return false; // No such process.
  }
}
