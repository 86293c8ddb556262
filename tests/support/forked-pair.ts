import { forkChild } from "../../src/main/models/fork-port.ts";
import type { Port } from "../../src/shared/port.ts";
import { splitPort } from "../../src/shared/ports/channels.ts";

/**
 * Two ports of this process joined through a forked one: every message passes the parent's and the child's end of a
 * real fork. Disposing either end lets the process end, which closes the other.
 */
export function forkedPair(): { near: Port; far: Port } {
  const { port } = forkChild(new URL("relay-process.ts", import.meta.url), []);
  const channel = splitPort(port, ["near", "far", "bye"]);
  const closing = (end: Port): Port => {
    void end.closed.then(() => channel("bye").post(null));
    return end;
  };
  return { near: closing(channel("near")), far: closing(channel("far")) };
}
