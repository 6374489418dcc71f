import { reportProblem } from "../common/test/response-problems";
import {
  DocumentedResponses,
  type Document,
  type ObservedResponse,
} from "../common/test/documented-responses";
import { eventually } from "../common/src/testing/eventually";
import { readRoutes } from "../infra/local/routes";
import { useResponseListener } from "./request";

async function documentAt(url: string): Promise<DocumentedResponses> {
  const response = await fetch(`${url}/openapi.json`);
  expect(response.status).toBe(200);
  return new DocumentedResponses((await response.json()) as Document);
}

let documents: DocumentedResponses[] = [];

/** From now on, each response of a service must be one that the OpenAPI documents of this stack describe. */
export async function checkResponses(stackUrl: string): Promise<void> {
  const paths = readRoutes().flatMap(({ path }) => (path.startsWith("/api/") ? [path] : []));
  documents = await Promise.all(paths.map((path) => eventually(() => documentAt(stackUrl + path))));
  useResponseListener((response) => problemsOf(response).forEach(reportProblem));
}

/** Those of the gateway, for services that do not respond. */
const ofGateway = new Set([502, 503, 504]);

/** What the documents do not allow about a response. */
export const problemsOf = (response: ObservedResponse): string[] =>
  ofGateway.has(response.status) ? [] : documents.flatMap((document) => document.problemOf(response) ?? []);
