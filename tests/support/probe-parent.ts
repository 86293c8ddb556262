import { forkChild } from "../../src/main/models/fork-port.ts";
import { SupervisedProcess } from "../../src/main/models/supervisor.ts";
import type { ProbeService } from "./probe-service.ts";

/** A main process with one supervised probe, for tests that kill it: prints the probe's pid and stays. */
const probe = new SupervisedProcess<ProbeService>({
  name: "probe",
  spawn: () => forkChild(new URL("probe-process.ts", import.meta.url), []),
});
await probe.ready();
console.log(await probe.client.call("load", null));
