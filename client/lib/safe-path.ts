const base = "http://eventhive.invalid";

/**
 * A path of this site from untrusted input; the front page for anything else. ASCII only, as a `Location` header requires.
 */
export function safePath(path: unknown): string {
  if (typeof path !== "string" || !/^\/(?![/\\])[^\\\s]*$/.test(path)) return "/";
  const { pathname, search, hash } = new URL(path, base);
  return pathname.startsWith("//") ? "/" : pathname + search + hash;
}
