const base = "http://eventhive.invalid";

/**
 * A path of this site to continue at, whatever a link or a form asked for; the front page for anything else. In ASCII,
 * as a `Location` header needs it.
 */
export function safePath(path: unknown): string {
  if (typeof path !== "string" || !/^\/(?![/\\])[^\\\s]*$/.test(path)) return "/";
  const { pathname, search, hash } = new URL(path, base);
  return pathname.startsWith("//") ? "/" : pathname + search + hash;
}
