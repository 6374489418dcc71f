import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { stackFile } from "./stack";

/** By Node's own client, which sends methods and targets as they are. */
async function ask(method: string, path: string, headers: OutgoingHttpHeaders = {}, body = "") {
  const sent = request(stackFile().url, { method, path, headers: { ...headers, connection: "close" } });
  sent.end(body);
  const [response]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const form = { "content-type": "application/x-www-form-urlencoded" };

it.each([
  ["GET", "/tickets/%E0%A4%A", 400],
  ["GET", "/orders/%", 400],
  ["HEAD", "/orders/%ff/receipt", 400],
  ["GET", "/api/tickets/%E0%A4%A", 400],
  ["PUT", "/", 405],
  ["POST", "/listings", 405],
  ["TRACE", "/listings", 405],
  ["DELETE", "/auth/session", 405],
  ["OPTIONS", "/", 204],
])("answers %s %s with %d", async (method, path, status) => {
  expect((await ask(method, path)).status).toBe(status);
});

it("names the methods that a page has", async () => {
  expect((await ask("PUT", "/")).headers.allow).toBe("GET, HEAD");
});

it.each([
  ["JSON", 415, { "content-type": "application/json" }, "{}"],
  ["text", 415, { "content-type": "text/plain" }, "intent=signout"],
  ["a form in pieces of nothing", 400, { "content-type": "multipart/form-data" }, "x"],
  ["no intent", 400, form, "next=/"],
  ["a form of another site", 403, { ...form, "sec-fetch-site": "cross-site" }, "intent=signout"],
  ["a sign-in of another site", 403, { ...form, "sec-fetch-site": "cross-site" }, "intent=signin"],
])("answers %s, sent to the session's form, with %d", async (_what, status, headers, body) => {
  expect((await ask("POST", "/auth/session", headers, body)).status).toBe(status);
});

it("continues at a path in any script", async () => {
  const answer = await ask("POST", "/auth/session", form, "intent=signout&next=/%E6%9D%B1");
  expect(answer).toMatchObject({ status: 303, headers: { location: "/%E6%9D%B1" } });
});
