import { parentPort } from "../../src/main/models/parent-port.ts";
import { splitPort } from "../../src/shared/ports/channels.ts";

/** A forked process that passes messages between its two channels and ends when told. See forked-pair.ts. */
const channel = splitPort(parentPort()!, ["near", "far", "bye"]);
channel("near").onMessage((message) => channel("far").post(message));
channel("far").onMessage((message) => channel("near").post(message));
channel("bye").onMessage(() => process.exit(0));
