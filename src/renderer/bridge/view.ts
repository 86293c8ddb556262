/** Pages of the app, by the part of the address after `#/`. */
export const routes = ["talk", "dashboard", "models", "settings", "overlay"] as const;
export type Route = (typeof routes)[number];

/** The page an address names; anything unknown is the conversation. */
export function routeOf(hash: string): Route {
  const name = hash.replace(/^#\/?/, "").split(/[/?]/, 1)[0];
  return routes.find((route) => route === name) ?? "talk";
}

/** Which window this is, for the main side: the overlay neither plays nor listens. */
export function windowViewOf(hash: string): "main" | "overlay" {
  return routeOf(hash) === "overlay" ? "overlay" : "main";
}
