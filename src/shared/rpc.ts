/**
 * Typed calls, streams, notices and events over any Port. `serve` answers at one end, `connect` asks at the other;
 * one Port may carry one server and one client at each end, since each takes only the messages meant for its role.
 */
export type { CallContext, CallOptions, Handlers, RpcClient, RpcServer, ServiceShape } from "./rpc-shape.ts";
export { connect, type ConnectOptions } from "./rpc-client.ts";
export { serve, type ServeOptions } from "./rpc-server.ts";
