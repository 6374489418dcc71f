import { createServer, type Server, type ServerResponse } from "node:http";
import type { Mail } from "./mail";

/** `GET /` shows the emails, newest first; `GET /mails` returns them as JSON. */
export function pageServer(mails: readonly Mail[]): Server {
  return createServer((request, response) => {
    const newestFirst = mails.toReversed();
    if (request.url === "/readyz") response.end();
    else if (request.url === "/mails") respond(response, "application/json", JSON.stringify(newestFirst));
    else if (request.url === "/") respond(response, "text/html; charset=utf-8", pageOf(newestFirst));
    else response.writeHead(404).end();
  });
}

function respond(response: ServerResponse, type: string, body: string): void {
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.end(body);
}

const pageOf = (mails: Mail[]) => `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="5">
<title>Mailbox</title>
<style>
  body { max-width: 45rem; margin: 2rem auto; padding: 0 1rem; font: 1rem system-ui }
  pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
</style>
<h1>Mailbox</h1>
<p>Emails that EventHive has sent since it started. None of them left this machine.</p>
${mails.map(articleOf).join("") || "<p>No emails yet.</p>"}
</html>
`;

const articleOf = ({ to, subject, text, receivedAt }: Mail) => `
<article>
  <h2>${escaped(subject)}</h2>
  <p>To ${escaped(to)}, <time>${receivedAt}</time></p>
  <pre>${escaped(text).replaceAll(/https?:\/\/[^\s&]+/g, '<a href="$&">$&</a>')}</pre>
</article>
`;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? "");
