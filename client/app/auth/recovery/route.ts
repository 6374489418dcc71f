import { readForm } from "@/lib/form-request";
import { forwardForm } from "@/lib/forward-form";
import { linkCookie } from "@/lib/link-pages";

const forms = new Map([
  ["forgot", { page: "/forgot-password", url: "/api/users/password-reset", next: "/forgot-password?sent" }],
  [
    "reset",
    { page: "/reset-password", url: "/api/users/password-reset/confirm", next: "/auth/signin?reset" },
  ],
  [
    "verify",
    { page: "/verify-email", url: "/api/users/verification/confirm", next: "/verify-email?verified" },
  ],
]);

/** The forms around links in emails, for browsers without JavaScript. A link itself changes nothing: programs open it, too. */
export async function POST(request: Request): Promise<Response> {
  const values = await readForm(request);
  if (values instanceof Response) return values;
  const { intent = "", email = "", token, password } = values;
  const form = forms.get(intent);
  if (!form) return new Response("Unknown form", { status: 400 });
  const { page, url, next } = form;
  return forwardForm({
    request: { method: "post", url, data: intent === "forgot" ? { email } : { token, password } },
    next,
    cookies: [`${linkCookie}=; Path=${page}; Max-Age=0; HttpOnly; SameSite=Lax`],
    errorPage: `${page}?refused`,
    email,
  });
}
