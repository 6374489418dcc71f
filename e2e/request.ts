import type { ObservedResponse } from "../common/test/documented-responses";

export interface Problem {
  code: string;
  requestId: string;
  errors: { message: string; field?: string }[];
}

export type ApiResponse<Body> = { status: number; headers: Headers } & (
  { ok: true; body: Body } | { ok: false; body: Problem }
);

export interface ApiRequest {
  method: string;
  path: string;
  body?: object | undefined;
  cookie: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let onResponse: (response: ObservedResponse) => void = () => {};

/** From now on, `listener` is told of each response. */
export const useResponseListener = (listener: typeof onResponse): void => {
  onResponse = listener;
};

/** Tells the listener of a response that was received in another way. */
export const observe = (response: ObservedResponse): void => onResponse(response);

/** Sends a request to the API as a browser does. */
export async function request<Body>(
  url: string,
  { method, path, body, cookie, headers, signal }: ApiRequest,
): Promise<ApiResponse<Body>> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, cookie, ...(body && { "content-type": "application/json" }) },
    body: JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  const header = (name: string) => response.headers.get(name) ?? undefined;
  onResponse({ method, path: path.split("?")[0] ?? "", status: response.status, header, body: text });
  const isJson = header("Content-Type")?.includes("json");
  return {
    status: response.status,
    headers: response.headers,
    ok: response.ok,
    // A proxy in front of a service may respond with text.
    body: isJson ? JSON.parse(text) : response.ok ? undefined : { code: text, errors: [] },
  };
}

/** The session cookie that a response sets, if any. */
export const cookieOf = ({ headers }: ApiResponse<unknown>): string | undefined =>
  headers.getSetCookie().at(-1)?.split(";", 1)[0];
