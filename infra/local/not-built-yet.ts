import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse } from "./refuse";

/** Answers in the client's place until there is one. */
export function notBuiltYet(req: IncomingMessage, res: ServerResponse, requestId: string): void {
  const isHome = req.url?.split("?", 1)[0] === "/";
  if (!isHome && !req.headers.accept?.includes("text/html")) {
    return refuse(res, requestId, { status: 404, code: "not-found", message: "There is nothing here" });
  }
  res.writeHead(isHome ? 200 : 404, {
    "content-type": "text/html; charset=utf-8",
    "x-request-id": requestId,
  });
  res.end(page);
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EventHive: the pages are not built yet</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%23e8a317' d='M16 1l13 7.5v15L16 31 3 23.5v-15z'/%3E%3C/svg%3E">
<style>
  :root { color-scheme: light dark; --ink: #1d1a16; --quiet: #6b645a; --page: #fbf8f1; --card: #fff; --line: #e9e1d0; --honey: #b97a00; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #f3eee4; --quiet: #a89f90; --page: #16130f; --card: #201c16; --line: #383126; --honey: #f0b429; }
  }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
  main { box-sizing: border-box; width: min(38rem, 100%); padding: 2.5rem 1.5rem; }
  svg { width: 3rem; fill: var(--honey); }
  h1 { margin: 0.5rem 0 0; font-size: 2rem; letter-spacing: -0.02em; }
  p { margin: 0.5rem 0 1.5rem; color: var(--quiet); }
  ul { margin: 0; padding: 0.5rem 1.25rem; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
  li { padding: 0.6rem 0; }
  li + li { border-top: 1px solid var(--line); }
  a { color: var(--honey); font-weight: 600; text-underline-offset: 0.2em; }
  code { font: 0.9em ui-monospace, monospace; }
</style>
</head>
<body>
<main>
  <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 1l13 7.5v15L16 31 3 23.5v-15z"/></svg>
  <h1>The pages are not built yet</h1>
  <p>EventHive is running: people can already sell, reserve and pay for tickets, through its API.</p>
  <ul>
    <li><a href="/api/tickets">Tickets for sale</a> <code>GET /api/tickets</code></li>
    <li><a href="/api/users/currentuser">Who is signed in</a> <code>GET /api/users/currentuser</code></li>
    <li>The terminal that started it lists the demo accounts and test cards.</li>
  </ul>
</main>
</body>
</html>
`;
