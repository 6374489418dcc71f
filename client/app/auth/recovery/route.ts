import { readForm, seeOther } from "@/lib/form-request";
import { linkCookie } from "@/lib/link-pages";
import { problemOf, statusOf } from "@/lib/problem";
import { refusalCookie } from "@/lib/refusal";
import { serverClient } from "@/lib/server";

/** As for sign-ins: a new password is hashed. */
const timeout = 20_000;

const forms = new Map([
  ["forgot", { page: "/forgot-password", path: "/api/users/password-reset", next: "/forgot-password?sent" }],
  [
    "reset",
    { page: "/reset-password", path: "/api/users/password-reset/confirm", next: "/auth/signin?reset" },
  ],
  [
    "verify",
    { page: "/verify-email", path: "/api/users/verification/confirm", next: "/verify-email?verified" },
  ],
]);

/** The forms around links in mails, for browsers without JavaScript. A link itself changes nothing: programs open it, too. */
export async function POST(request: Request): Promise<Response> {
  const values = await readForm(request);
  if (values instanceof Response) return values;
  const { intent = "", email = "", token, password } = values;
  const form = forms.get(intent);
  if (!form) return new Response("Unknown form", { status: 400 });
  const client = await serverClient();
  try {
    await client.post(form.path, intent === "forgot" ? { email } : { token, password }, { timeout });
    return seeOther(form.next, [`${linkCookie}=; Path=${form.page}; Max-Age=0; HttpOnly; SameSite=Lax`]);
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "foreign-origin") return new Response(problem.message, { status: statusOf(error) });
    return seeOther(`${form.page}?refused`, [refusalCookie({ problem, email })]);
  }
}
