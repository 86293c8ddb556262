import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import { messagePort } from "../../shared/ports/message-port.ts";
import { webSocketPort } from "../../shared/ports/web-socket.ts";
import { enterBrowserSession, socketUrl } from "./browser-session.ts";

declare global {
  interface Window {
    /** Put there by Electron's preload. */
    readonly parley?: { connect(view: "main" | "overlay"): void };
  }
}

/** The preload answers within its own tick; a page that hears nothing was loaded without a main side. */
const PRELOAD_TIMEOUT_MS = 5000;

/** Opens the page's port to the main side: through Electron's preload where there is one, else over a WebSocket. */
export async function openPort(view: "main" | "overlay"): Promise<Port> {
  if (window.parley) return openPreloadPort(window.parley, view);
  await enterBrowserSession();
  return webSocketPort(new WebSocket(socketUrl(view)));
}

async function openPreloadPort(
  parley: NonNullable<Window["parley"]>,
  view: "main" | "overlay",
): Promise<Port> {
  const arrived = Promise.withResolvers<MessagePort>();
  const onMessage = (event: MessageEvent<unknown>): void => {
    const [port] = event.ports;
    // Only this page's own preload can post with this page as the source.
    if (event.source !== window || event.origin !== location.origin || !port) return;
    if (isPortMessage(event.data)) arrived.resolve(port);
  };
  window.addEventListener("message", onMessage);
  const timer = setTimeout(() => {
    arrived.reject(new AppError("timeout", "The application did not answer its window. Restart Parley."));
  }, PRELOAD_TIMEOUT_MS);
  try {
    parley.connect(view);
    return messagePort(await arrived.promise);
  } finally {
    clearTimeout(timer);
    window.removeEventListener("message", onMessage);
  }
}

function isPortMessage(data: unknown): boolean {
  return typeof data === "object" && data !== null && "type" in data && data.type === "parley:port";
}
