import type { ServerResponse } from "node:http";

export interface Refusal {
  status: number;
  code: string;
  message: string;
  retryAfterInSeconds?: number;
}

/** The gateway's own errors, in the shape of the services' errors. */
export function refuse(res: ServerResponse, requestId: string, refusal: Refusal): void {
  const { status, code, message, retryAfterInSeconds } = refusal;
  if (retryAfterInSeconds !== undefined) res.setHeader("retry-after", retryAfterInSeconds);
  res.writeHead(status, { "content-type": "application/json; charset=utf-8", "x-request-id": requestId });
  res.end(JSON.stringify({ errors: [{ message }], code, requestId }));
}
