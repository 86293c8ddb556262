import { forkChild } from "../../src/main/models/fork-port.ts";
import { SupervisedProcess } from "../../src/main/models/supervisor.ts";
import type { ProbeService } from "./probe-service.ts";

/** A main process with one supervised probe, for tests that kill it: prints the probe's pid and stays.
 *  With `--block` the probe is in a blocking call by then. */
const probe = new SupervisedProcess<ProbeService>({
  name: "probe",
  spawn: () => forkChild(new URL("probe-process.ts", import.meta.url), []),
});
await probe.ready();
const blocking = Promise.withResolvers<string>();
probe.client.on("noted", blocking.resolve);
const pid = await probe.client.call("load", null);
if (process.argv.includes("--block")) {
  // Never answered: the test ends this process first.
  void probe.client.call("block", { forMs: 600_000 }).catch(() => {});
  await blocking.promise;
}
console.log(pid);
