/** The process is there. */
export const GET = () => new Response("ok");
