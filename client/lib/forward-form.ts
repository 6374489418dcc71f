import "server-only";
import type { AxiosRequestConfig } from "axios";
import { seeOther } from "./form-request";
import { problemOf, statusOf } from "./problem";
import { refusalCookie } from "./refusal";
import { serverClient } from "./server";

/** Longer than auth lets requests wait for their hashes (`HASHING_QUEUE_TIMEOUT`), shorter than gateways wait. */
const timeout = 20_000;

interface Forwarding {
  request: AxiosRequestConfig;
  /** The page to continue at. */
  next: string;
  /** Set once the request has succeeded, besides the service's own. */
  cookies?: string[];
  /** The page that shows an error. Without it, the error is the response. */
  errorPage?: string;
  /** What was typed, for that page. */
  email?: string;
}

/** Sends a form of a browser without JavaScript to a service, and passes the service's cookies on. */
export async function forwardForm({ request, next, cookies = [], errorPage, email = "" }: Forwarding) {
  const client = await serverClient();
  try {
    const { headers } = await client.request({ ...request, timeout });
    return seeOther(next, [...cookies, ...(headers["set-cookie"] ?? [])]);
  } catch (error) {
    const problem = problemOf(error);
    if (!errorPage || problem.code === "foreign-origin")
      return new Response(problem.message, { status: statusOf(error) });
    return seeOther(errorPage, [refusalCookie({ problem, email })]);
  }
}
