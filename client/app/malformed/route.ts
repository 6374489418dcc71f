/** Responds to the requests that `lib/malformed.ts` rewrites to this path. */
export function GET(): Response {
  return new Response("Malformed URL", { status: 400 });
}
