import { contentSecurityPolicy, securityHeaders, type PagePolicy } from "./content-security-policy.ts";

/**
 * What the page may do while it is being developed, in both hosts. Only `npm run dev` uses it; the headers of a
 * production host are made by `securityHeaders` alone.
 */

/** Vite writes this into the tags that it puts into the page; each answer replaces it by a nonce of its own. */
export const noncePlaceholder = "parley-development-nonce";

/**
 * The production headers, with one thing added: scripts and styles that carry `nonce`. Vite writes React's refresh
 * runtime into the page as a script, and styles as elements, so that they can be exchanged without a reload.
 */
export function developmentHeaders(policy: PagePolicy, nonce: string): Readonly<Record<string, string>> {
  const allowed = ["script-src", "style-src"].reduce(
    (text, directive) => text.replace(`${directive} 'self'`, `${directive} 'self' 'nonce-${nonce}'`),
    contentSecurityPolicy(policy),
  );
  return { ...securityHeaders(policy), "content-security-policy": allowed, "cache-control": "no-cache" };
}
