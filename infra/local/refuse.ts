import type { ServerResponse } from "node:http";

export interface Refusal {
  status: number;
  code: string;
  message: string;
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
}

export const badTarget = { status: 400, code: "malformed", message: "The target of the request is no URL" };
export const methodNotAllowed = {
  status: 405,
  code: "method-not-allowed",
  message: "TRACE is not supported",
  headers: { allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS" },
};
export const tooLarge = { status: 413, code: "too-large", message: "The request is larger than 1 MiB" };
export const requestTimeout = {
  status: 408,
  code: "request-timeout",
  message: "The request did not arrive in time: send it again",
};
export const badGateway = {
  status: 502,
  code: "bad-gateway",
  message: "The service closed the connection before it responded",
  retryAfterSeconds: 1,
};
export const unavailable = {
  status: 503,
  code: "unavailable",
  message: "The service is temporarily unavailable",
  retryAfterSeconds: 1,
};
export const gatewayTimeout = {
  status: 504,
  code: "gateway-timeout",
  message: "The service did not respond in time",
  retryAfterSeconds: 5,
};

/** The gateway's errors, in the same shape as those of the services. */
export function refuse(res: ServerResponse, requestId: string, refusal: Refusal): void {
  const { status, code, message, retryAfterSeconds, headers } = refusal;
  if (retryAfterSeconds !== undefined) res.setHeader("retry-after", retryAfterSeconds);
  res.writeHead(status, {
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "x-request-id": requestId,
  });
  res.end(JSON.stringify({ errors: [{ message }], code, requestId }));
}
