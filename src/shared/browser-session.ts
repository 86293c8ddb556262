/**
 * How a page gets into the browser host. The printed address carries a one-time token in its fragment, which no server
 * and no log ever sees: `http://127.0.0.1:PORT/#token=…`. The page posts it to `sessionPath` as `{"token": "…"}`, gets a
 * cookie that scripts cannot read, takes the fragment out of the address bar, and opens a WebSocket at `socketPath`.
 * A page that is opened again has the cookie and skips the exchange; `GET sessionPath` answers 204 when the cookie is
 * good and 401 when it is not.
 */
export const sessionPath = "/session";
/** Below `sessionPath`, because the cookie goes nowhere else. `?view=main` or `?view=overlay`. */
export const socketPath = "/session/socket";
/** Name of the token in the fragment. */
export const tokenParameter = "token";
