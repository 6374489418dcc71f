import { problemOf, statusOf } from "@/lib/problem";
import { refusalCookie } from "@/lib/refusal";
import { safePath } from "@/lib/safe-path";
import { serverClient } from "@/lib/server";
import { formValues } from "@/lib/form-values";

const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i;
const intents = ["signin", "signup", "signout"];

/** Signs in, up and out for browsers that do not run JavaScript. The auth service decides; its cookie goes through. */
export async function POST(request: Request): Promise<Response> {
  if (!isForm.test(request.headers.get("content-type") ?? ""))
    return new Response("Send a form", { status: 415 });
  const form = await request.formData().catch(() => undefined);
  if (!form) return new Response("This form is malformed", { status: 400 });
  const { intent, email = "", password, next } = formValues(form);
  if (!intent || !intents.includes(intent)) return new Response("There is no such form", { status: 400 });
  const client = await serverClient();
  try {
    const { headers } = await client.post(
      `/api/users/${intent}`,
      intent === "signout" ? {} : { email, password },
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

/** Afterwards a reload asks for a page, and does not send the form again. */
function seeOther(location: string, cookies: string[]): Response {
  const headers = new Headers({ location });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}
