import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PagePolicy } from "../app/content-security-policy.ts";

/**
 * The page from its sources, in place of the built one. Given by `npm run dev` only. It stands behind the host's own
 * refusals: whatever reaches it came with our Host, a read method, and for the socket our Origin too.
 */
export interface DevelopmentPage {
  /** Path of the socket over which the page hears of changed files. */
  readonly socketPath: string;
  answer(request: IncomingMessage, response: ServerResponse, policy: PagePolicy): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
