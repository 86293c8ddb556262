import { Worker } from "node:worker_threads";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import { splitPort } from "../../shared/ports/channels.ts";
import { serve } from "../../shared/rpc.ts";
import { onBusy } from "./busy.ts";
import { processChannels, type ControlService } from "./control.ts";
import { onDeviceLoss } from "./device-loss.ts";
import { moduleBeside } from "./module-beside.ts";
import { parentPort } from "./parent-port.ts";

/** What the module of a service exports as `start`: serves `port` until disposed. */
export type StartService = (port: Port) => Disposable;

const exitCodes = { stopped: 0, fault: 1, misused: 2 } as const;

/**
 * Turns this process into the host of one service: answers heartbeats, ends with its parent, and reports what would
 * otherwise be an anonymous crash. `load` imports the service only after the checks, so that a refused process has
 * loaded no native code. Resolves once the service is started; never rejects (a failure ends the process).
 */
export async function hostService(name: string, load: () => Promise<StartService>): Promise<void> {
  process.title = `parley-${name}`;
  if (process.env["ORT_DISABLE_TELEMETRY"] !== "1") {
    return refuse("ORT_DISABLE_TELEMETRY must be 1: onnxruntime would otherwise send telemetry.");
  }
  const parent = parentPort();
  if (!parent) return refuse("This is a part of Parley and is started by it.");

  const channel = splitPort(parent, processChannels);
  const cleanUp = new DisposableStack();
  const exit = (code: number): void => {
    cleanUp.dispose();
    process.exit(code);
  };
  const server = serve<ControlService>(channel("control"), {
    calls: { ping: () => null },
    streams: {},
    notices: { stop: () => exit(exitCodes.stopped) },
  });
  onBusy((busy) => server.emit("busy", busy));
  const fail = (error: unknown): void => {
    const { message } = AppError.from(error);
    server.emit("fault", { message });
    console.error(error);
    // The service is in an unknown state: nothing of it is called again, not even to clean up.
    process.exit(exitCodes.fault);
  };
  onDeviceLoss(fail);
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  // Ctrl-C reaches the whole process group; whether and when this process ends is its parent's decision.
  process.on("SIGINT", () => {});
  void parent.closed.then(() => exit(exitCodes.stopped));
  if (process.send) watchParent();

  try {
    const start = await load();
    cleanUp.use(start(channel("service")));
  } catch (error) {
    fail(error);
  }
}

/** Covers the time in native calls; Electron does the same for its utility processes. */
function watchParent(): void {
  new Worker(moduleBeside(import.meta.url, "orphan-watch"), { workerData: process.ppid }).unref();
}

function refuse(sentence: string): void {
  console.error(sentence);
  process.exitCode = exitCodes.misused;
}
