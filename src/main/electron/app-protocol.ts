import type { PageFile } from "../app/page-files.ts";
import { APP_ORIGIN } from "./origin.ts";

/**
 * Answers requests to `app://bundle/…` from the page's files: GET only, our host only, exact addresses only. `headers`
 * (the content security policy among them) go with every answer, refusals too.
 */
export function bundleHandler(
  files: ReadonlyMap<string, PageFile>,
  headers: Readonly<Record<string, string>>,
): (request: Request) => Response {
  const refuse = (status: number): Response => new Response(null, { status, headers });
  return (request) => {
    if (request.method !== "GET") return refuse(405);
    const url = new URL(request.url);
    if (`${url.protocol}//${url.host}` !== APP_ORIGIN) return refuse(403);
    const file = files.get(url.pathname);
    if (!file) return refuse(404);
    return new Response(new Uint8Array(file.content), {
      headers: { ...headers, "content-type": file.mimeType },
    });
  };
}
