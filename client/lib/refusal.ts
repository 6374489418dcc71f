import "server-only";
import { cookies } from "next/headers";
import type { Problem } from "./problem";

interface Refusal {
  problem: Problem;
  email: string;
}

const name = "refused";

/** Carries what was refused to the page that shows it: in the address, it would stay in histories and logs. */
export function refusalCookie(refusal: Refusal): string {
  return `${name}=${encodeURIComponent(JSON.stringify(refusal))}; Path=/auth; Max-Age=60; HttpOnly; SameSite=Lax`;
}

/** What the form before this page was refused for. */
export async function lastRefusal({
  refused,
}: Record<string, string | undefined>): Promise<Refusal | undefined> {
  const cookie = refused === undefined ? undefined : (await cookies()).get(name);
  return cookie && JSON.parse(cookie.value);
}
