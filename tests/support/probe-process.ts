import { writeSync } from "node:fs";
import { announceBusy } from "../../src/main/models/busy.ts";
import { hostService } from "../../src/main/models/service-host.ts";
import { AppError, type AppErrorCode } from "../../src/shared/errors.ts";
import { serve } from "../../src/shared/rpc.ts";
import type { ProbeService } from "./probe-service.ts";

/** A small real service in a real model process: `probe-process.ts [code]` refuses to load with that error code. */
const [loadError] = process.argv.slice(2);

await hostService("probe", async () => (port) => {
  let notes = 0;
  const server = serve<ProbeService>(port, {
    calls: {
      load: () => {
        if (loadError) throw new AppError(loadError as AppErrorCode, "The probe was told not to load.");
        return process.pid;
      },
      echo: (value) => value,
      env: () => ({ ...process.env }),
      never: () => new Promise<never>(() => {}),
      block: ({ forMs, budgetMs }) => {
        using _busy = budgetMs === undefined ? undefined : announceBusy("block", budgetMs);
        server.emit("noted", "blocking");
        // Blocks the thread as a native session run does.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
        return null;
      },
      crash: ({ message }) => {
        writeSync(2, "last words on stderr\n");
        setImmediate(() => {
          throw new Error(message);
        });
        return new Promise<never>(() => {});
      },
      notes: () => notes,
    },
    streams: {
      async *numbers({ count }, { signal }) {
        for (let i = 0; i < count && !signal.aborted; i++) yield i;
      },
    },
    notices: {
      note: (value) => {
        notes += 1;
        server.emit("noted", value);
      },
    },
  });
  return server;
});
