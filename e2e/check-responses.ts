import { reportProblem } from "../common/test/response-problems";
import { DocumentedResponses, type Document } from "../common/test/documented-responses";
import { eventually } from "../common/src/testing/eventually";
import { readRoutes } from "../infra/local/routes";
import { useResponseListener } from "./request";

async function documentAt(url: string): Promise<DocumentedResponses> {
  const response = await fetch(`${url}/openapi.json`);
  expect(response.status).toBe(200);
  return new DocumentedResponses((await response.json()) as Document);
}

/** Those of the gateway, for services that do not respond. */
const ofGateway = new Set([502, 503, 504]);

/** From now on, each response of a service must be one that the OpenAPI documents of this stack describe. */
export async function checkResponses(stackUrl: string): Promise<void> {
  const paths = readRoutes().flatMap(({ path }) => (path.startsWith("/api/") ? [path] : []));
  const documents = await Promise.all(paths.map((path) => eventually(() => documentAt(stackUrl + path))));
  useResponseListener((response) => {
    if (ofGateway.has(response.status)) return;
    for (const problem of documents.flatMap((document) => document.problemOf(response) ?? []))
      reportProblem(problem);
  });
}
