/** The one origin Parley's pages are served from inside Electron, and nothing else is ever trusted as ours. */
export const APP_SCHEME = "app";
export const APP_ORIGIN = "app://bundle";

/** True for a URL of ours: compared as a parsed origin, so that `app://bundle.evil` and `app://bundle@evil` fail. */
export function isAppUrl(url: string): boolean {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Not a URL at all: certainly not ours.
    return false;
  }
  return (
    parsed.protocol === `${APP_SCHEME}:` &&
    parsed.host === "bundle" &&
    parsed.username === "" &&
    parsed.password === ""
  );
}
