import { reportProblem } from "../common/test/answer-problems";
import { Answers, type Document } from "../common/test/answers";
import { eventually } from "../common/test/eventually";
import { readRoutes } from "../infra/local/routes";
import { useAnswers } from "./request";
import { stackFile } from "./stack";

// Each answer of a service must be one that its OpenAPI document describes.

async function documentAt(path: string): Promise<Answers> {
  const response = await fetch(`${stackFile().url}${path}/openapi.json`);
  expect(response.status).toBe(200);
  return new Answers((await response.json()) as Document);
}

/** Those of the gateway, for services that do not answer. */
const ofGateway = new Set([502, 503, 504]);

beforeAll(async () => {
  const paths = readRoutes().flatMap(({ path }) => (path.startsWith("/api/") ? [path] : []));
  const documents = await Promise.all(paths.map((path) => eventually(() => documentAt(path))));
  useAnswers((answer) => {
    if (ofGateway.has(answer.status)) return;
    for (const problem of documents.flatMap((document) => document.problemOf(answer) ?? []))
      reportProblem(problem);
  });
});
