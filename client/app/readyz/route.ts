/** Ready from start to shutdown, even if services are unavailable: a page then shows the rest. */
export const GET = () =>
  globalThis.isDraining ? new Response("draining", { status: 503 }) : new Response("ready");
