import axios, { type AxiosInstance } from "axios";

/** The request for which the server renders a page, and the services' addresses. */
export interface RequestContext {
  headers: Headers;
  /** The address of the service that serves a path such as `/api/tickets`. */
  addressOf: (path: string) => string;
}

/** The request headers that are forwarded to the services: for the session, the network and the trace. */
const forwardedHeaders = [
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
 * An API client for the browser or, with a context, for the server. In the browser, the API has the page's origin, and the
 * browser adds the cookie.
 */
export function buildClient(context?: RequestContext): AxiosInstance {
  if (!context) return axios.create({ timeout: 30_000 }); // longer than the slowest response, that of a payment

  const headers = Object.fromEntries(
    [...context.headers].filter(([name]) => forwardedHeaders.includes(name)),
  );
  // A service that takes longer is shown as unavailable.
  const client = axios.create({ headers, timeout: 3_000, maxRedirects: 0 });
  client.interceptors.request.use((request) => {
    request.baseURL = context.addressOf(request.url ?? "");
    return request;
  });
  return client;
}
