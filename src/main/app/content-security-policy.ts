/**
 * The headers of every answer that carries Parley's page, in Electron's own protocol and in the browser host: one
 * list, so that neither host is weaker than the other.
 */
export interface PagePolicy {
  /** Where the page may open sockets besides its own origin, such as `ws://127.0.0.1:7337`. Empty in Electron. */
  readonly sockets: readonly string[];
}

/** Everything is forbidden, then what the page needs is allowed, each from its own origin only. */
export function contentSecurityPolicy({ sockets }: PagePolicy): string {
  const directives: Readonly<Record<string, readonly string[]>> = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    // Both worklets and the models' tokenizer run from files of the bundle.
    "worker-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "media-src": ["'self'", "blob:"],
    // Old engines do not count ws: as 'self' (CSP3 does), so the socket is named.
    "connect-src": ["'self'", ...sockets],
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(" ")}`)
    .join("; ");
}

/** Features a page could ask for; the microphone and the choice of a speaker are ours, the rest is nobody's. */
const permissions: Readonly<Record<string, "(self)" | "()">> = {
  microphone: "(self)",
  "speaker-selection": "(self)",
  "clipboard-write": "(self)",
  camera: "()",
  "display-capture": "()",
  geolocation: "()",
  usb: "()",
  serial: "()",
  hid: "()",
  midi: "()",
  payment: "()",
  "publickey-credentials-get": "()",
  "idle-detection": "()",
};

/** Lower-case names and values, to be sent with every answer, refusals included. */
export function securityHeaders(policy: PagePolicy): Readonly<Record<string, string>> {
  return {
    "content-security-policy": contentSecurityPolicy(policy),
    "permissions-policy": Object.entries(permissions)
      .map(([name, who]) => `${name}=${who}`)
      .join(", "),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
}
