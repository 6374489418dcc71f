const base = "http://eventhive.invalid";
const maxLength = 2000; // proxies limit the headers of a response

/**
 * A path of this site from untrusted input; the front page for anything else, or if it is too long. ASCII only, as a
 * `Location` header requires.
 */
export function safePath(path: unknown): string {
  if (typeof path !== "string" || !/^\/(?![/\\])[^\\\s]*$/.test(path)) return "/";
  const { pathname, search, hash } = new URL(path, base);
  const safe = pathname + search + hash;
  return safe.startsWith("//") || safe.length > maxLength ? "/" : safe;
}
