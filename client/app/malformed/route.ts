/** Answers the requests that `lib/malformed.ts` sends here. */
export function GET(): Response {
  return new Response("The address is malformed", { status: 400 });
}
