/** Ready from start to shutdown, whatever the services do: a page shows what it has when a service is unavailable. */
export const GET = () =>
  globalThis.isDraining ? new Response("draining", { status: 503 }) : new Response("ready");
