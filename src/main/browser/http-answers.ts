import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { sessionPath } from "../../shared/browser-session.ts";
import { securityHeaders } from "../app/content-security-policy.ts";
import type { PageFile } from "../app/page-files.ts";
import type { Admission } from "./admission.ts";
import type { DevelopmentPage } from "./development-page.ts";

const redeemSchema = z.strictObject({ token: z.string().max(128) });
const maxBodyBytes = 1024;

export interface HttpContext {
  readonly admission: Admission;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly development?: DevelopmentPage;
  /** Told of each refusal, without anything secret. */
  readonly onRefused: (reason: string) => void;
}

/** Answers everything that is not a WebSocket: the page's files, and the exchange of the token for a cookie. */
export function createHttpAnswers(
  context: HttpContext,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { admission, files, development, onRefused } = context;
  const policy = { sockets: [admission.origin.replace("http:", "ws:")] };
  const headers = securityHeaders(policy);

  const answer = (
    response: ServerResponse,
    status: number,
    more: Readonly<Record<string, string>> = {},
    body?: Buffer,
  ): void => {
    response.writeHead(status, {
      ...headers,
      "cache-control": "no-store",
      "content-length": body?.length ?? 0,
      ...more,
    });
    response.end(body);
  };
  const refuse = (response: ServerResponse, status: number, reason: string): void => {
    onRefused(reason);
    answer(response, status, { connection: "close" });
  };

  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wrongOrigin = admission.originRefusal(request);
    if (wrongOrigin) return refuse(response, 403, wrongOrigin);
    const body = await readBody(request);
    if (body === null) return refuse(response, 413, "body too large");
    const redeemed = redeemSchema.safeParse(parseJson(body));
    if (!redeemed.success) return refuse(response, 400, "malformed body");
    // A second tab opened with the printed address has the cookie already.
    if (admission.hasSession(request)) return answer(response, 204);
    const cookie = admission.redeem(redeemed.data.token);
    if (cookie === null) return refuse(response, 403, "wrong or used token");
    return answer(response, 204, { "set-cookie": cookie });
  };

  const serveFile = (request: IncomingMessage, response: ServerResponse, file: PageFile): void => {
    const caching = file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache";
    const common = { "cache-control": caching, etag: file.etag };
    if (request.headers["if-none-match"] === file.etag) return answer(response, 304, common);
    const more = { ...common, "content-type": file.mimeType };
    if (request.method !== "HEAD") return answer(response, 200, more, file.content);
    return answer(response, 200, { ...more, "content-length": String(file.content.length) });
  };

  return async (request, response) => {
    const wrongHost = admission.hostRefusal(request);
    if (wrongHost) return refuse(response, 403, wrongHost);
    // Looked up exactly as it was sent: nothing is decoded, joined or normalised.
    const [address = ""] = (request.url ?? "").split("?");
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (address === sessionPath) {
      if (isRead) return answer(response, admission.hasSession(request) ? 204 : 401);
      return request.method === "POST" ? exchange(request, response) : refuse(response, 405, "wrong method");
    }
    if (!isRead) return refuse(response, 405, "wrong method");
    if (development) return development.answer(request, response, policy);
    const file = files.get(address);
    return file ? serveFile(request, response, file) : answer(response, 404);
  };
}

/** The body as text, or null as soon as it is longer than any of ours. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const buffer = Buffer.from(piece);
    bytes += buffer.length;
    if (bytes > maxBodyBytes) return null;
    pieces.push(buffer);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is as wrong as the wrong JSON: the schema refuses it.
    return undefined;
  }
}
