import type { ProcessKind } from "./child-handle.ts";
import { hostService, type StartService } from "./service-host.ts";

/** The entry of every model process: `node process.ts <listener|voxtral|kokoro|probe>`, forked by the supervisor. */
const services: Record<ProcessKind, () => Promise<StartService>> = {
  listener: async () => (await import("./listener/service.ts")).start,
  voxtral: async () => (await import("./voxtral/service.ts")).start,
  kokoro: async () => (await import("./kokoro/service.ts")).start,
  probe: async () => (await import("./providers/probe-service.ts")).start,
};

const [kind = ""] = process.argv.slice(2);
if (isKind(kind)) {
  await hostService(kind, services[kind]);
} else {
  console.error(`Unknown model process "${kind}"; known are ${Object.keys(services).join(", ")}.`);
  process.exitCode = 2;
}

function isKind(text: string): text is ProcessKind {
  return Object.hasOwn(services, text);
}
