import path from "node:path";
import { mergeConfig, searchForWorkspaceRoot, type UserConfig } from "vite";
import { noncePlaceholder } from "../app/development-policy.ts";

/**
 * What vite.renderer.config.ts needs besides to serve the page of `packageFolder` from its sources: files of
 * `src/renderer`, `src/shared` and the packages only, to no other origin, with a place for the nonce of the content
 * security policy.
 */
export function developmentConfig(packageFolder: string): UserConfig {
  const root = path.join(packageFolder, "src/renderer");
  return {
    root,
    base: "/",
    html: { cspNonce: noncePlaceholder },
    server: {
      cors: false,
      fs: {
        strict: true,
        allow: [
          root,
          path.join(packageFolder, "src/shared"),
          path.join(searchForWorkspaceRoot(packageFolder), "node_modules"),
        ],
      },
    },
  };
}

/**
 * The same for Electron, whose page comes through `app://bundle` and has no port of its own: it is told where to hear
 * of changes. `port` must be free.
 */
export function electronDevelopmentConfig(packageFolder: string, port: number): UserConfig {
  const host = "127.0.0.1";
  return mergeConfig(developmentConfig(packageFolder), {
    server: { host, port, strictPort: true, ws: { host, clientPort: port, protocol: "ws" } },
  } satisfies UserConfig);
}

/** Names the port of the page's server for electron.vite.config.ts; set by `npm run dev` only. */
export const pagePortVariable = "PARLEY_PAGE_PORT";
