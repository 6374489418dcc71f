import "server-only";
import { type AxiosResponse, isAxiosError } from "axios";
import { cookies, headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";
import { buildClient } from "./build-client";
import { settings } from "./settings";
import type { CurrentUser, User, Verification } from "./types";

/** An API client with the session of the visitor who requests this page. */
export async function serverClient() {
  const { AUTH_URL, TICKETS_URL, ORDERS_URL, PAYMENTS_URL } = settings();
  const services = Object.entries({
    "/api/users": AUTH_URL,
    "/api/tickets": TICKETS_URL,
    "/api/orders": ORDERS_URL,
    "/api/payments": PAYMENTS_URL,
  });
  const addressOf = (path: string) => {
    const service = services.find(([prefix]) => path.startsWith(prefix));
    if (!service) throw new Error(`No service serves ${path}`);
    return service[1];
  };
  return buildClient({ headers: await headers(), addressOf });
}

export interface ServiceResponse<Body> {
  body: Body;
  /** The query of the next page, if there is one. */
  nextPage?: string;
  /** The clock of orders, which set `expiresAt`, in milliseconds; NaN from other services. */
  serverTime: number;
}

interface Reading {
  query?: object;
  /** The path of this page, to return to after signing in. */
  path?: string;
  /** Returns undefined, instead of showing the 404 page, when it does not exist or belongs to another user. */
  isOptional?: boolean;
}

/** Reads for a page. Undefined when the service is temporarily unavailable: the page then shows the rest. */
export async function read<Body>(
  url: string,
  { query, path = "/", isOptional = false }: Reading = {},
): Promise<ServiceResponse<Body> | undefined> {
  const client = await serverClient();
  try {
    return responseOf(await client.get<Body>(url, { params: query }));
  } catch (error) {
    if (!isAxiosError(error)) throw error;
    const status = error.response?.status ?? 503;
    if (isOptional || status >= 500 || status === 429) return undefined;
    if (status === 401) signInFirst(path);
    notFound();
  }
}

function responseOf<Body>({ data, headers: { link, "x-server-time": serverTime } }: AxiosResponse<Body>) {
  const [, nextPage] = /<[^>?]*\?([^>]*)>; rel="next"/.exec(String(link)) ?? [];
  return { body: data, nextPage, serverTime: Number(serverTime) };
}

/** Null when signed out; undefined while auth is unavailable. Fetched once per page. */
export const currentUser = cache(async (): Promise<User | null | undefined> => {
  if (!(await cookies()).has("session")) return null;
  const response = await read<CurrentUser>("/api/users/currentuser");
  return response?.body.currentUser;
});

/** Whether the visitor's email is confirmed; undefined while auth is unavailable. */
export async function isEmailVerified(path: string): Promise<boolean | undefined> {
  const response = await read<Verification>("/api/users/verification", { path });
  return response?.body.emailVerified;
}

/** Redirects visitors who are signed out. While auth is unavailable, the other services still check the session. */
export async function mustBeSignedIn(path: string): Promise<void> {
  if ((await currentUser()) === null) signInFirst(path);
}

function signInFirst(next: string): never {
  redirect(`/auth/signin?${new URLSearchParams({ next }).toString()}`);
}
