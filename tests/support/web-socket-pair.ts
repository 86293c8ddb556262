import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { webSocketPort, type WebSocketPortOptions } from "../../src/shared/ports/web-socket.ts";
import type { Port } from "../../src/shared/port.ts";

export interface SocketPair {
  readonly near: Port;
  readonly far: Port;
  /** The socket under `near`, to send what a Port never would. */
  readonly socket: WebSocket;
}

/** Two ports joined by a WebSocket over loopback. `farOptions` are those of the accepting end. */
export async function webSocketPair(farOptions: WebSocketPortOptions = {}): Promise<SocketPair> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");
  const accepted = Promise.withResolvers<Port>();
  server.once("connection", (socket) => accepted.resolve(webSocketPort(socket, farOptions)));
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}`);
  const near = webSocketPort(socket);
  const [far] = await Promise.all([accepted.promise, once(socket, "open")]);
  server.close();
  return { near, far, socket };
}
