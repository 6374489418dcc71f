/** Responds while the process runs. */
export const GET = () => new Response("ok");
