import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does wrong with the next requests for a file's content, each once, in order. */
export type Fault =
  /** Sends so many bytes of the answer, then breaks the connection. */
  | { readonly type: "cut"; readonly after: number }
  /** Sends so many bytes, then nothing. */
  | { readonly type: "stall"; readonly after: number }
  /** Answers 200 with everything, whatever was asked for. */
  | { readonly type: "ignore-range" }
  /** Says 206, and sends the part that begins `by` bytes later than was asked for. */
  | { readonly type: "wrong-part"; readonly by: number }
  /** Says 206 and the right range, and sends other bytes. */
  | { readonly type: "wrong-bytes" }
  | { readonly type: "status"; readonly status: number; readonly headers?: Record<string, string> }
  /** A page of a hotel's network. */
  | { readonly type: "web-page" }
  /** Says a length that is not the file's. */
  | { readonly type: "wrong-length"; readonly by: number }
  /** Sends more than the file has. */
  | { readonly type: "too-much"; readonly by: number };

export interface HubRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  /** Bytes of content sent in answer. */
  sent: number;
}

/**
 * A server with the hub's file interface, as the real one answers (huggingface.co, observed headers): HEAD of
 * `/owner/name/resolve/revision/file` redirects large files to a storage host and tells their sha256 and size; small ones are
 * served directly with git's blob id as their ETag. Ranges work, unless a fault says otherwise.
 */
export class FakeHub implements AsyncDisposable {
  readonly requests: HubRequest[] = [];
  readonly faults = new Map<string, Fault[]>();
  /** Answers are refused without this token. */
  token: string | null = null;
  commit = "0123456789abcdef0123456789abcdef01234567";
  #stalled: ServerResponse | undefined;
  readonly #files = new Map<string, Buffer>();
  readonly #large: number;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(largeBytes: number) {
    this.#large = largeBytes;
  }

  /** Files of at least `largeBytes` are stored as the hub stores large files. */
  static async start(largeBytes = 1024): Promise<FakeHub> {
    const hub = new FakeHub(largeBytes);
    await new Promise<void>((resolve) => void hub.#server.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Somebody waits for an answer that will never go on. */
  get isStalled(): boolean {
    return this.#stalled !== undefined && !this.#stalled.destroyed;
  }

  put(repo: string, file: string, content: Buffer): void {
    this.#files.set(`${repo}/${file}`, content);
  }

  fail(file: string, ...faults: readonly Fault[]): void {
    this.faults.set(file, [...(this.faults.get(file) ?? []), ...faults]);
  }

  /** Content bytes that were sent for `file`, over all requests. */
  sentBytes(file: string): number {
    return this.requests.filter(({ path }) => path.endsWith(file)).reduce((sum, { sent }) => sum + sent, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? "");
    const seen: HubRequest = {
      method: request.method ?? "",
      path,
      range: request.headers.range ?? null,
      authorization: request.headers.authorization ?? null,
      sent: 0,
    };
    this.requests.push(seen);
    const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/[^/]+\?/u.exec(path);
    if (tree) {
      const prefix = `${tree[1]}/`;
      const files = [...this.#files].filter(([name]) => name.startsWith(prefix));
      const entries = files.map(([name, { length }]) => ({
        type: "file",
        path: name.slice(prefix.length),
        size: length,
      }));
      const isKnown = entries.length > 0;
      response
        .writeHead(isKnown ? 200 : 404, { "content-type": "application/json" })
        .end(JSON.stringify(entries));
      return;
    }
    const [, kind, repo, rest] = /^\/(storage\/)?([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/u.exec(path) ?? [];
    const content = this.#files.get(`${repo}/${rest}`);
    if (this.token !== null && !kind && request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end();
    } else if (!content || rest === undefined) {
      response.writeHead(404).end("Entry not found");
    } else if (!kind && content.length >= this.#large) {
      response
        .writeHead(302, {
          location: `/storage${request.url}`,
          "x-repo-commit": this.commit,
          "x-linked-size": content.length,
          "x-linked-etag": `"${createHash("sha256").update(content).digest("hex")}"`,
          "accept-ranges": "bytes",
        })
        .end();
    } else {
      const blob = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
      const headers = { "x-repo-commit": this.commit, etag: `"${blob}"`, "accept-ranges": "bytes" };
      if (request.method === "HEAD")
        response.writeHead(200, { ...headers, "content-length": content.length }).end();
      else this.#send(rest, content, headers, seen, response);
    }
  }

  #send(
    file: string,
    content: Buffer,
    headers: Record<string, string>,
    seen: HubRequest,
    response: ServerResponse,
  ): void {
    const fault = this.faults.get(file)?.shift();
    const write = (status: number, body: Buffer, more: Record<string, string | number> = {}): void => {
      const end =
        fault?.type === "cut" || fault?.type === "stall" ? Math.min(fault.after, body.length) : body.length;
      response.writeHead(status, { ...headers, "content-length": body.length, ...more });
      seen.sent = end;
      if (fault?.type === "cut") response.write(body.subarray(0, end), () => response.destroy());
      else if (fault?.type === "stall") {
        response.write(body.subarray(0, end), () => void (this.#stalled = response));
        if (end === 0) response.flushHeaders();
      } else response.end(body);
    };
    const asked = Number(/^bytes=(\d+)-$/u.exec(seen.range ?? "")?.[1] ?? 0);
    const rangeOf = (start: number): Record<string, string> => ({
      "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
    });
    switch (fault?.type) {
      case "status":
        response.writeHead(fault.status, fault.headers).end();
        return;
      case "web-page":
        response
          .writeHead(200, { "content-type": "text/html; charset=utf-8" })
          .end("<html>Please log in</html>");
        return;
      case "wrong-length":
        write(200, content.subarray(0, content.length + fault.by));
        return;
      case "too-much":
        response.writeHead(200, headers);
        seen.sent = content.length + fault.by;
        response.end(Buffer.concat([content, Buffer.alloc(fault.by, 7)]));
        return;
      case "ignore-range":
        write(200, content);
        return;
      case "wrong-part":
        write(206, content.subarray(asked + fault.by), rangeOf(asked + fault.by));
        return;
      case "wrong-bytes":
        write(
          asked > 0 ? 206 : 200,
          Buffer.alloc(content.length - asked, 1),
          asked > 0 ? rangeOf(asked) : {},
        );
        return;
      default:
        if (asked > 0 && asked >= content.length) {
          response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
        } else if (asked > 0) write(206, content.subarray(asked), rangeOf(asked));
        else write(200, content);
    }
  }
}
