import { reportProblem } from "../common/test/response-problems";
import {
  DocumentedResponses,
  type Document,
  type ObservedResponse,
} from "../common/test/documented-responses";
import { eventually } from "../common/src/testing/eventually";
import { type Route, findService, readRoutes } from "../infra/local/routes";
import { useResponseListener } from "./request";

const routes = readRoutes();
let documents = new Map<string, DocumentedResponses>();

/** From now on, each response of these services must be one that their OpenAPI documents describe. */
export function useDocuments(documentsOf: [service: string, Document][], report = reportProblem): void {
  documents = new Map(documentsOf.map(([service, document]) => [service, new DocumentedResponses(document)]));
  useResponseListener((response) => {
    const problem = problemOf(response);
    if (problem) report(problem);
  });
}

/** From now on, each response of a service must be one that the OpenAPI documents of this stack describe. */
export async function checkResponses(stackUrl: string, report = reportProblem): Promise<void> {
  const apis = routes.filter(({ path }) => path.startsWith("/api/"));
  const documentAt = async ({ path, service }: Route): Promise<[string, Document]> => {
    const response = await fetch(`${stackUrl}${path}/openapi.json`);
    if (!response.ok) throw new Error(`${service} responded with ${response.status}`);
    return [service, JSON.parse(await response.text())];
  };
  useDocuments(await Promise.all(apis.map((api) => eventually(() => documentAt(api)))), report);
}

/** What the documents do not allow about a response, if anything. */
export const problemOf = (response: ObservedResponse): string | undefined =>
  isOfGateway(response)
    ? undefined
    : documents.get(findService(routes, response.path) ?? "")?.problemOf(response);

/**
 * Whether it stands for a service that did not respond. The gateway's 503 is as documented; an ingress controller's errors
 * are no JSON.
 */
const isOfGateway = ({ status, header, body }: ObservedResponse): boolean =>
  [502, 503, 504].includes(status) &&
  (!header("Content-Type")?.includes("json") || /"code":"(bad-gateway|gateway-timeout)"/.test(body));
