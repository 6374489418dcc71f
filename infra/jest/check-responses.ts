import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { reportProblem } from "../../common/test/response-problems";
import type * as documentedResponses from "../../common/test/documented-responses";

// Each response of a service that a test receives must be one that the service's OpenAPI document describes.

type OpenApi = () => documentedResponses.Document;
type AppRequest = IncomingMessage & { app?: { locals: { openApi?: OpenApi } } };

const responsesOf = new Map<OpenApi, documentedResponses.DocumentedResponses>();

/** Not imported, because it loads Ajv, and most test files receive no response. */
const load = (): typeof documentedResponses => require("../../common/test/documented-responses");

function check(request: AppRequest, response: ServerResponse, body: string): void {
  const openApi = request.app?.locals.openApi;
  const path = request.url?.split("?")[0] ?? "";
  if (!openApi) return;
  const responses = responsesOf.get(openApi) ?? new (load().DocumentedResponses)(openApi());
  responsesOf.set(openApi, responses);
  const { method = "" } = request;
  const header = (name: string) => response.getHeader(name)?.toString();
  const problem = responses.problemOf({ method, path, status: response.statusCode, header, body });
  if (problem) reportProblem(problem);
}

function onRequest(message: unknown): void {
  const { request, response } = message as { request: AppRequest; response: ServerResponse };
  const end = response.end.bind(response);
  const write = response.write.bind(response);
  response.end = ((...parameters: Parameters<typeof end>) => {
    const [chunk] = parameters as unknown[];
    const isFirst = !response.headersSent;
    const ended = end(...parameters); // sets the last headers
    if (isFirst)
      check(request, response, typeof chunk === "string" || Buffer.isBuffer(chunk) ? String(chunk) : "");
    return ended;
  }) as typeof end;
  // Only streams write before they end, and only whole messages.
  response.write = ((...parameters: Parameters<typeof write>) => {
    const written = write(...parameters);
    check(request, response, String(parameters[0]));
    return written;
  }) as typeof write;
}

beforeAll(() => subscribe("http.server.request.start", onRequest));

afterAll(() => {
  unsubscribe("http.server.request.start", onRequest);
  const lines = [...responsesOf.values()].flatMap(({ seen, documented }) => [
    ...documented.map((name) => `documented ${name}`),
    ...[...seen].map((name) => `seen ${name}`),
  ]);
  const file = process.env.TEST_RESPONSES;
  if (file && lines.length > 0) appendFileSync(file, `${lines.join("\n")}\n`);
});
