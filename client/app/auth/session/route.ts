import { readForm } from "@/lib/form-request";
import { forwardForm } from "@/lib/forward-form";
import { safePath } from "@/lib/safe-path";

const intents = ["signin", "signup", "signout"];

/** Sign-in, sign-up and sign-out for browsers without JavaScript. */
export async function POST(request: Request): Promise<Response> {
  const values = await readForm(request);
  if (values instanceof Response) return values;
  const { intent = "", email = "", password } = values;
  if (!intents.includes(intent)) return new Response("Unknown form", { status: 400 });
  const isSignOut = intent === "signout";
  const next = safePath(values.next);
  const query = new URLSearchParams({ next, refused: "" });
  return forwardForm({
    request: { method: "post", url: `/api/users/${intent}`, data: isSignOut ? {} : { email, password } },
    next,
    errorPage: isSignOut ? undefined : `/auth/${intent}?${query.toString()}`,
    email,
  });
}
