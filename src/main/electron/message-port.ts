import type { MessagePortMain } from "electron";
import type { Port, PortClosed } from "../../shared/port.ts";
import { Inbox } from "../../shared/ports/inbox.ts";

/**
 * A Port over Electron's main-side MessagePort. Everything is copied, never transferred: an ArrayBuffer transferred over
 * this kind of port arrives empty (electron#37157).
 */
export function electronPort(port: MessagePortMain): Port {
  const inbox = new Inbox();
  port.on("message", (event) => inbox.deliver(event.data));
  port.on("close", () => inbox.close({ by: "peer", reason: "window closed" }));
  port.start();
  return {
    get closed(): Promise<PortClosed> {
      return inbox.closed;
    },
    post(message) {
      if (!inbox.isClosed) port.postMessage(message);
    },
    onMessage: (listener) => inbox.onMessage(listener),
    [Symbol.dispose]() {
      if (inbox.isClosed) return;
      inbox.close({ by: "self", reason: "disposed" });
      port.close();
    },
  };
}
