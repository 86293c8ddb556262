import { sessionPath, socketPath, tokenParameter } from "../../shared/browser-session.ts";
import { AppError } from "../../shared/errors.ts";

/**
 * Gets this page into the browser host: redeems the one-time token of the printed address, if the address bar still
 * holds it, and takes it out of sight. Throws AppError `unsupported` when the host does not know this browser.
 */
export async function enterBrowserSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get(tokenParameter);
  if (token === null) {
    const answer = await fetch(sessionPath, { credentials: "same-origin" });
    if (answer.ok) return;
  } else {
    const answer = await fetch(sessionPath, { method: "POST", body: JSON.stringify({ token }) });
    history.replaceState(null, "", location.pathname + location.search);
    if (answer.ok) return;
  }
  throw new AppError(
    "unsupported",
    "This address is not open to this browser: start Parley again and open the address it prints.",
  );
}

/** The WebSocket address of the host that served this page. */
export function socketUrl(view: "main" | "overlay"): URL {
  const url = new URL(`${socketPath}?view=${view}`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
