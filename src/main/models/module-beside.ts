/**
 * The module `name` beside the one at `url`, with the same ending: a process or worker is started from its source under Node,
 * and from what was built of it in a package.
 */
export function moduleBeside(url: string, name: string): URL {
  return new URL(`${name}${/\.\w+$/u.exec(url)?.[0] ?? ""}`, url);
}
