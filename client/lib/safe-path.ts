/** A path of this site to go on to, whatever somebody wrote into a link; the front page for anything else. */
export function safePath(path: unknown): string {
  return typeof path === "string" && /^\/(?![/\\])[^\\\s]*$/.test(path) ? path : "/";
}
