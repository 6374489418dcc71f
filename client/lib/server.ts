import "server-only";
import { type AxiosResponse, isAxiosError } from "axios";
import { cookies, headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";
import { buildClient } from "./build-client";
import { settings } from "./settings";
import type { User } from "./types";

/** The API on behalf of whoever asks for this page. */
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
    if (!service) throw new Error(`No service answers ${path}`);
    return service[1];
  };
  return buildClient({ headers: await headers(), addressOf });
}

export interface Answer<Body> {
  body: Body;
  /** The query of the next page, when there is one. */
  nextPage?: string;
  /** The clock that `expiresAt` was made with, in milliseconds; only orders tells it. */
  serverTime: number;
}

interface Reading {
  query?: object;
  /** Of this page, to come back to after signing in. */
  path?: string;
  /** Undefined, instead of this site's 404 page, for what does not exist or is somebody else's. */
  isOptional?: boolean;
}

/** Reads for a page. Undefined when the service is temporarily unavailable: the page then shows the rest. */
export async function read<Body>(
  url: string,
  { query, path = "/", isOptional = false }: Reading = {},
): Promise<Answer<Body> | undefined> {
  const client = await serverClient();
  try {
    return answerOf(await client.get<Body>(url, { params: query }));
  } catch (error) {
    if (!isAxiosError(error)) throw error;
    const status = error.response?.status ?? 503;
    if (isOptional || status >= 500 || status === 429) return undefined;
    if (status === 401) signInFirst(path);
    notFound();
  }
}

function answerOf<Body>({ data, headers: { link, "x-server-time": serverTime } }: AxiosResponse<Body>) {
  const [, nextPage] = /<[^>?]*\?([^>]*)>; rel="next"/.exec(String(link)) ?? [];
  return { body: data, nextPage, serverTime: Number(serverTime) };
}

/** Nobody is null; undefined when auth is away and nobody can tell. Asked once for each page. */
export const currentUser = cache(async (): Promise<User | null | undefined> => {
  if (!(await cookies()).has("session")) return null;
  const answer = await read<{ currentUser: User | null }>("/api/users/currentuser");
  return answer?.body.currentUser;
});

/** Lets nobody in who is not signed in; while auth is away, the other services still know who it is. */
export async function mustBeSignedIn(path: string): Promise<void> {
  if ((await currentUser()) === null) signInFirst(path);
}

function signInFirst(next: string): never {
  redirect(`/auth/signin?${new URLSearchParams({ next }).toString()}`);
}
