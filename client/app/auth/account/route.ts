import { accountRequest, afterRequest, isAccountIntent } from "@/lib/account-request";
import { readForm } from "@/lib/form-request";
import { forwardForm } from "@/lib/forward-form";

/** The forms about the user's own account, for browsers without JavaScript. */
export async function POST(request: Request): Promise<Response> {
  const values = await readForm(request);
  if (values instanceof Response) return values;
  const { intent = "" } = values;
  if (!isAccountIntent(intent)) return new Response("Unknown form", { status: 400 });
  return forwardForm({
    request: accountRequest(intent, values),
    next: afterRequest(intent),
    errorPage: `${intent === "deletion" ? "/account/delete" : "/account"}?refused=${intent}`,
  });
}
