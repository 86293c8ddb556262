import { sessionPath, tokenParameter } from "../../shared/browser-session.ts";
import { AppError } from "../../shared/errors.ts";

/**
 * Lets this page into the browser host: trades the one-time token of the address for a cookie, or makes sure that the
 * cookie of an earlier visit still holds. Throws `bad-input` when neither does: only a new address helps then.
 */
export async function joinBrowserSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get(tokenParameter);
  const answer = await (token === null ? askForSession() : redeem(token));
  // Spent, and not to be read over a shoulder or kept in the history.
  if (token !== null) history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  if (answer.ok) return;
  throw new AppError(
    "bad-input",
    "This address is no longer valid. Open the one that “npm start” printed, or start Parley again for a new one.",
  );
}

function redeem(token: string): Promise<Response> {
  return fetch(sessionPath, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ [tokenParameter]: token }),
  });
}

function askForSession(): Promise<Response> {
  return fetch(sessionPath, { cache: "no-store" });
}
