import { z } from "zod";
import { ipcMain, type IpcMain, type MessagePortMain, type WebContents, type WebFrameMain } from "electron";
import { isAppUrl } from "./origin.ts";

/** The only channel of the app: everything else travels over the port it introduces. */
export const CONNECT_CHANNEL = "parley:connect";

const connectMessage = z.object({ view: z.enum(["main", "overlay"]) }).strict();
export type WindowView = z.infer<typeof connectMessage>["view"];

/** What of an IPC event the decision needs. */
export interface ConnectRequest {
  readonly frame: Pick<WebFrameMain, "url" | "parent"> | null;
  readonly message: unknown;
  readonly portCount: number;
}

/** Null when the request is ours in every respect, otherwise why it is refused. Pure. */
export function refusal(request: ConnectRequest): string | null {
  if (!request.frame) return "the sending frame is gone";
  if (request.frame.parent !== null) return "the sender is a sub-frame";
  if (!isAppUrl(request.frame.url)) return "the sender is not a page of Parley";
  if (request.portCount !== 1) return `expected one port, got ${request.portCount}`;
  if (!connectMessage.safeParse(request.message).success) return "the message is malformed";
  return null;
}

/** The only place that touches `ipcMain`. `onPort` gets a port whose sender and message were checked. */
export function listenForWindows(
  onPort: (port: MessagePortMain, view: WindowView, sender: WebContents) => void,
  onRefused: (reason: string) => void,
  ipc: Pick<IpcMain, "on"> = ipcMain,
): void {
  ipc.on(CONNECT_CHANNEL, (event, message: unknown) => {
    const reason = refusal({ frame: event.senderFrame, message, portCount: event.ports.length });
    if (reason !== null) {
      for (const port of event.ports) port.close();
      onRefused(reason);
      return;
    }
    onPort(event.ports[0]!, connectMessage.parse(message).view, event.sender);
  });
}
