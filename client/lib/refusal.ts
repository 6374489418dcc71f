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
/** 64 characters before the "@", and 255 after it. A longer cookie is ignored by browsers, or refused by proxies. */
const maxEmailLength = 320;

/** Passes a form's error to the page that shows it, in a cookie: in the URL, it would stay in histories and logs. */
export function refusalCookie({ problem, email }: Refusal): string {
  const refusal: Refusal = { problem, email: email.length > maxEmailLength ? "" : email };
  return `${name}=${encodeURIComponent(JSON.stringify(refusal))}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`;
}

/** The error of the form that led to this page. */
export async function lastRefusal({
  refused,
}: Record<string, string | undefined>): Promise<Refusal | undefined> {
  const cookie = refused === undefined ? undefined : (await cookies()).get(name);
  if (!cookie) return undefined;
  try {
    return shape.parse(JSON.parse(cookie.value));
  } catch {
    return undefined; // clients can send any cookie
  }
}
