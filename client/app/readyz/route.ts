/** Ready as soon as it answers, until it stops: a page whose service is away says so, and shows the rest. */
export const GET = () =>
  globalThis.isDraining ? new Response("draining", { status: 503 }) : new Response("ready");
