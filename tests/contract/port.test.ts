import { describe } from "vitest";
import { acceptWindows, RelayedWindows } from "../../src/main/development/relay.ts";
import type { Port } from "../../src/shared/port.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import { splitPort } from "../../src/shared/ports/channels.ts";
import { messagePort } from "../../src/shared/ports/message-port.ts";
import { portContract } from "./port.contract.ts";
import { rpcContract } from "./rpc.contract.ts";
import { forkedPair } from "../support/forked-pair.ts";
import { webSocketPair } from "../support/web-socket-pair.ts";

const adapters = {
  memory: () => {
    const [near, far] = createPortPair();
    return { near, far };
  },
  MessageChannel: () => {
    const { port1, port2 } = new MessageChannel();
    return { near: messagePort(port1), far: messagePort(port2) };
  },
  "a channel of a split port": () => {
    const [near, far] = createPortPair();
    const names = ["other", "service"] as const;
    const pair = { near: splitPort(near, names)("service"), far: splitPort(far, names)("service") };
    void pair.near.closed.then(() => near[Symbol.dispose]());
    void pair.far.closed.then(() => far[Symbol.dispose]());
    return pair;
  },
  "a window relayed between processes": async () => {
    const [pages, app] = createPortPair();
    const accepted = Promise.withResolvers<Port>();
    acceptWindows(app, (port) => accepted.resolve(port));
    const [near, page] = createPortPair();
    new RelayedWindows(pages).add(page, "main");
    return { near, far: await accepted.promise };
  },
  "a forked process": forkedPair,
  "a WebSocket": () => webSocketPair(),
};

for (const [name, createPair] of Object.entries(adapters)) {
  describe(name, () => {
    describe("as a Port", () => portContract(createPair));
    describe("under rpc", () => rpcContract(createPair));
  });
}
