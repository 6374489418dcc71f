import { reportProblem } from "../common/test/response-problems";
import { DocumentedResponses, type Document } from "../common/test/documented-responses";
import { eventually } from "../common/src/testing/eventually";
import { readRoutes } from "../infra/local/routes";
import { useResponseListener } from "./request";
import { stackFile } from "./stack";

// Each response of a service must be one that its OpenAPI document describes.

async function documentAt(path: string): Promise<DocumentedResponses> {
  const response = await fetch(`${stackFile().url}${path}/openapi.json`);
  expect(response.status).toBe(200);
  return new DocumentedResponses((await response.json()) as Document);
}

/** Those of the gateway, for services that do not respond. */
const ofGateway = new Set([502, 503, 504]);

beforeAll(async () => {
  const paths = readRoutes().flatMap(({ path }) => (path.startsWith("/api/") ? [path] : []));
  const documents = await Promise.all(paths.map((path) => eventually(() => documentAt(path))));
  useResponseListener((response) => {
    if (ofGateway.has(response.status)) return;
    for (const problem of documents.flatMap((document) => document.problemOf(response) ?? []))
      reportProblem(problem);
  });
});
