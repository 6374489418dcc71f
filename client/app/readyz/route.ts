/** Ready as soon as it answers: a page whose service is away says so, and shows the rest. */
export const GET = () => new Response("ready");
