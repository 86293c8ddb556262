import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { sessionPath } from "../../shared/browser-session.ts";

/**
 * Who may talk to the browser host. Anyone on this machine can reach a loopback port, and so can any web page through
 * the browser: hence a token that only the person who started Parley has seen, and exact Host and Origin.
 */
export class Admission {
  /** The origin our page has, such as `http://127.0.0.1:7337`: the only one that may send or connect. */
  readonly origin: string;
  /** What the printed address carries; useless after its first use. */
  readonly token = randomBytes(32).toString("base64url");
  readonly #session = randomBytes(32).toString("base64url");
  readonly #host: string;
  readonly #cookieName: string;
  #isTokenUsed = false;

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`;
    this.origin = `http://${this.#host}`;
    // Cookies do not know ports: two hosts on one machine must not overwrite each other's.
    this.#cookieName = `parley-${port}`;
  }

  /** Null when the request is addressed to us by our own name; else why not. DNS rebinding fails here. */
  hostRefusal(request: IncomingMessage): string | null {
    return request.headers.host === this.#host ? null : "wrong Host";
  }

  /** Null when our own page sends it; else why not. A browser always says the origin of a POST and of an upgrade. */
  originRefusal(request: IncomingMessage): string | null {
    return request.headers.origin === this.origin ? null : "wrong Origin";
  }

  hasSession(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
    const value = cookies.find((cookie) => cookie.startsWith(`${this.#cookieName}=`));
    return value !== undefined && isEqual(value.slice(this.#cookieName.length + 1), this.#session);
  }

  /** Exchanges the token for a Set-Cookie header; null for a wrong or used one. */
  redeem(token: string): string | null {
    if (this.#isTokenUsed || !isEqual(token, this.token)) return null;
    this.#isTokenUsed = true;
    return `${this.#cookieName}=${this.#session}; Path=${sessionPath}; HttpOnly; SameSite=Strict`;
  }
}

/** Compares in a time that tells nothing of the secret, whatever the lengths. */
function isEqual(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
