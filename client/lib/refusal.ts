import "server-only";
import { cookies } from "next/headers";
import { z } from "zod";
import type { Problem } from "./problem";

const shape = z.object({
  problem: z.object({
    code: z.string(),
    message: z.string().optional(),
    fields: z.record(z.string(), z.string()),
  }) satisfies z.ZodType<Problem>,
  email: z.string(),
});
type Refusal = z.infer<typeof shape>;

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
  if (!cookie) return undefined;
  try {
    return shape.parse(JSON.parse(cookie.value));
  } catch {
    return undefined; // anybody can write a cookie
  }
}
