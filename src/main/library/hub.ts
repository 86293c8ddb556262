import { setGlobalProxyFromEnv } from "node:http";
import { z } from "zod";
import type { CatalogueFile } from "./catalogue.ts";
import { AppError } from "../../shared/errors.ts";

/** Where models come from, as the Hugging Face tools name it: HF_ENDPOINT (a mirror), HF_TOKEN (for gated models). */
export interface HubOptions {
  /** Base address without a trailing slash; https://huggingface.co by default. */
  readonly endpoint?: string | undefined;
  /** Sent to the endpoint's own host only, and never written anywhere. */
  readonly token?: string | undefined;
  /** Node's fetch by default; Electron's net.fetch knows the system's proxy. */
  readonly fetch?: typeof fetch;
}

/** A file as the hub describes it before it is downloaded. */
export interface RemoteFile {
  readonly bytes: number;
  /** What its content is known by: sha256 of large files, git's blob id (sha1) of small ones; null if neither is told. */
  readonly digest: { readonly algorithm: "sha256" | "git-sha1"; readonly hex: string } | null;
  /** The commit that `revision` stands for now. */
  readonly commit: string | null;
}

/** The hub's list of a repository's files (GET /api/models/…/tree/…), as far as we need it. */
const treeSchema = z.array(
  z.object({ type: z.string(), path: z.string(), size: z.number().int().nonnegative().default(0) }),
);
const MAX_PAGES = 20;

const DEFAULT_ENDPOINT = "https://huggingface.co";
/** Renamed repositories and mirrors redirect once or twice. */
const MAX_REDIRECTS = 5;

/**
 * Settings of the environment: huggingface_hub's names, and the proxy variables every download tool knows, which hold for
 * the whole process. Throws `bad-input` for an endpoint that is no web address.
 */
export function hubFromEnvironment(env: Readonly<Record<string, string | undefined>>): Hub {
  if (env["HTTPS_PROXY"] || env["https_proxy"] || env["HTTP_PROXY"] || env["http_proxy"])
    setGlobalProxyFromEnv(env);
  return new Hub({ endpoint: env["HF_ENDPOINT"] || undefined, token: env["HF_TOKEN"] || undefined });
}

/** The hub's file interface: resolve, describe, read from an offset. Knows nothing of disks. */
export class Hub {
  readonly #endpoint: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ endpoint = DEFAULT_ENDPOINT, token, fetch: ownFetch = fetch }: HubOptions = {}) {
    if (!URL.canParse(endpoint) || !/^https?:$/u.test(new URL(endpoint).protocol)) {
      throw new AppError(
        "bad-input",
        "HF_ENDPOINT is not a web address. Use one such as https://huggingface.co.",
      );
    }
    this.#endpoint = endpoint.replace(/\/+$/u, "");
    this.#token = token;
    this.#fetch = ownFetch;
  }

  /** `https://host/owner/name/resolve/revision/path`. */
  url(repo: string, revision: string, path: string): string {
    const parts = [...repo.split("/"), "resolve", revision, ...path.split("/")];
    return `${this.#endpoint}/${parts.map(encodeURIComponent).join("/")}`;
  }

  /**
   * Size and digest of a file. Redirects to the storage behind the hub are not followed: its answer would not have them
   * (huggingface_hub's file_download.py does the same).
   */
  async describe(url: string, signal: AbortSignal): Promise<RemoteFile> {
    let commit: string | undefined;
    let bytes: number | undefined;
    let digest: RemoteFile["digest"] | undefined;
    for (let at = url, redirects = 0; ; redirects++) {
      const response = await this.#request(at, { method: "HEAD", redirect: "manual", signal });
      const { headers } = response;
      commit ??= headers.get("x-repo-commit") ?? undefined;
      bytes ??= wholeNumber(headers.get("x-linked-size"));
      digest ??= digestOf(headers.get("x-linked-etag"));
      const location = headers.get("location");
      const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
      const isKnown = bytes !== undefined && digest !== undefined;
      if (isRedirect && !isKnown && redirects < MAX_REDIRECTS) {
        at = new URL(location, at).href;
        continue;
      }
      if (!isRedirect) refuse(response, url);
      bytes ??= wholeNumber(headers.get("content-length"));
      if (bytes === undefined) {
        throw new AppError("network", `The server does not say how large ${fileName(url)} is. Try a mirror.`);
      }
      return {
        bytes,
        digest: digest ?? digestOf(headers.get("etag")) ?? null,
        commit: commit ?? null,
      };
    }
  }

  /** All files of a repository with their sizes. Long lists come in pages. */
  async files(repo: string, revision: string, signal: AbortSignal): Promise<readonly CatalogueFile[]> {
    const path = [...repo.split("/"), "tree", revision].map(encodeURIComponent).join("/");
    const files: CatalogueFile[] = [];
    let next: string | undefined = `${this.#endpoint}/api/models/${path}?recursive=true`;
    for (let page = 0; next !== undefined && page < MAX_PAGES; page++) {
      const response = await this.#request(next, { signal });
      refuse(response, next);
      const entries = treeSchema.safeParse(await response.json().catch(() => undefined));
      if (!entries.success) {
        throw new AppError(
          "network",
          `${new URL(next).host} answers with something that is no list of files.`,
        );
      }
      for (const { type, path: file, size } of entries.data)
        if (type === "file") files.push({ path: file, bytes: size });
      const link = /<([^>]+)>;\s*rel="next"/u.exec(response.headers.get("link") ?? "")?.[1];
      // A mirror may point elsewhere; the token must not follow.
      next = link?.startsWith(`${this.#endpoint}/`) ? link : undefined;
    }
    return files;
  }

  /** The file's content from byte `from` on, if the server can do that: look at the status. Throws for refusals. */
  async read(url: string, from: number, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (from > 0) headers["range"] = `bytes=${from}-`;
    const response = await this.#request(url, { headers, signal });
    // "Nothing from there on" is an answer, too: it means that everything is here.
    if (response.status !== 416) refuse(response, url);
    return response;
  }

  async #request(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    // fetch drops it itself when a redirect leads to another host.
    if (this.#token && url.startsWith(`${this.#endpoint}/`)) {
      headers.set("authorization", `Bearer ${this.#token}`);
    }
    try {
      return await this.#fetch(url, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw AppError.from(init.signal.reason, "cancelled");
      throw new AppError(
        "network",
        `${new URL(url).host} cannot be reached. Check the network, the proxy settings, or set HF_ENDPOINT to a mirror.`,
        { cause },
      );
    }
  }
}

/** How long a server asked us to wait (RFC 9110, 10.2.3), in milliseconds; undefined if it did not. */
export function retryAfterMs(error: unknown, nowMs: number): number | undefined {
  const { details } = AppError.from(error);
  if (typeof details !== "object" || details === null || !("retryAfter" in details)) return undefined;
  const value = String(details.retryAfter);
  if (/^\d+$/u.test(value)) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Whether trying again can help: not where the server knows what it refuses. */
export function isTransient(error: unknown): boolean {
  const { code, details } = AppError.from(error);
  if (code !== "network") return false;
  const status = typeof details === "object" && details !== null && "status" in details ? details.status : 0;
  return typeof status !== "number" || status === 0 || status === 408 || status === 429 || status >= 500;
}

function refuse(response: Response, url: string): void {
  if (response.ok) return;
  void response.body?.cancel().catch(() => {});
  const { status } = response;
  const { host } = new URL(url);
  const retryAfter = response.headers.get("retry-after");
  const details = { status, ...(retryAfter === null ? {} : { retryAfter }) };
  if (status === 401 || status === 403) {
    throw new AppError(
      "access-denied",
      `${host} does not let us read ${fileName(url)}. Accept the model's licence there and set HF_TOKEN to your token.`,
      { details },
    );
  }
  if (status === 404 || status === 410) {
    throw new AppError(
      "model-missing",
      `${host} does not have ${fileName(url)}. Check the name and the revision of the model.`,
      {
        details,
      },
    );
  }
  if (status === 429) {
    throw new AppError("network", `${host} asks us to come back later: too many downloads.`, { details });
  }
  throw new AppError(
    "network",
    `${host} answered ${status} for ${fileName(url)}. It is their trouble; try later.`,
    {
      details,
    },
  );
}

/** Entity tags are quoted and may be marked weak: W/"…". */
function digestOf(etag: string | null): RemoteFile["digest"] | undefined {
  const hex = etag?.replace(/^W\//u, "").replaceAll('"', "").toLowerCase();
  if (hex === undefined) return undefined;
  if (/^[0-9a-f]{64}$/u.test(hex)) return { algorithm: "sha256", hex };
  if (/^[0-9a-f]{40}$/u.test(hex)) return { algorithm: "git-sha1", hex };
  return undefined;
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/u.test(text) ? Number(text) : undefined;
}

function fileName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
}
