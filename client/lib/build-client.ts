import axios, { type AxiosInstance } from "axios";

/** The request that a page is rendered for, and where the services are: only the server knows. */
export interface RequestContext {
  headers: Headers;
  /** The address of the service that answers a path such as `/api/tickets`. */
  addressOf: (path: string) => string;
}

/** What the services hear of the visitor's own request: who it is, and whose trace it belongs to. Never all of it. */
const passedOn = [
  "accept-language",
  "cookie",
  "origin",
  "sec-fetch-site",
  "traceparent",
  "tracestate",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
];

/**
 * The API, for pages in the browser and on the server: the one place that knows the difference. In the browser the API
 * is where the page came from, and the browser adds the cookie itself.
 */
export function buildClient(visit?: RequestContext): AxiosInstance {
  if (!visit) return axios.create({ timeout: 30_000 }); // above the longest answer, that of a payment

  const headers = Object.fromEntries([...visit.headers].filter(([name]) => passedOn.includes(name)));
  // Nobody waits longer for a page: what has not answered by then is shown as away.
  const client = axios.create({ headers, timeout: 3_000, maxRedirects: 0 });
  client.interceptors.request.use((request) => {
    request.baseURL = visit.addressOf(request.url ?? "");
    return request;
  });
  return client;
}
