import { readForm, seeOther } from "@/lib/form-request";
import { problemOf, statusOf } from "@/lib/problem";
import { refusalCookie } from "@/lib/refusal";
import { safePath } from "@/lib/safe-path";
import { serverClient } from "@/lib/server";

/** Longer than sign-ins and sign-ups wait for their hashes in auth (`HASHING_QUEUE_TIMEOUT`), shorter than gateways wait. */
const timeout = 20_000;
const intents = ["signin", "signup", "signout"];

/** Sign-in, sign-up and sign-out for browsers without JavaScript. Forwards to auth and passes its cookie on. */
export async function POST(request: Request): Promise<Response> {
  const form = await readForm(request);
  if (form instanceof Response) return form;
  const { intent, email = "", password, next } = form;
  if (!intent || !intents.includes(intent)) return new Response("Unknown form", { status: 400 });
  const client = await serverClient();
  try {
    const { headers } = await client.post(
      `/api/users/${intent}`,
      intent === "signout" ? {} : { email, password },
      { timeout },
    );
    return seeOther(safePath(next), [headers["set-cookie"] ?? []].flat());
  } catch (error) {
    const problem = problemOf(error);
    if (intent === "signout" || problem.code === "foreign-origin")
      return new Response(problem.message, { status: statusOf(error) });
    const query = new URLSearchParams({ next: safePath(next), refused: "" });
    return seeOther(`/auth/${intent}?${query.toString()}`, [refusalCookie({ problem, email })]);
  }
}
