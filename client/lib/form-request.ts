import { formValues } from "./form-values";

const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i;

/** The values of a form that a browser without JavaScript has sent, or the response that rejects it. */
export async function readForm(request: Request): Promise<Record<string, string> | Response> {
  if (!isForm.test(request.headers.get("content-type") ?? ""))
    return new Response("Expected a form", { status: 415 });
  const form = await request.formData().catch(() => undefined);
  return form ? formValues(form) : new Response("Malformed form", { status: 400 });
}

/** After a 303, a reload fetches a page instead of sending the form again. */
export function seeOther(location: string, cookies: string[]): Response {
  const headers = new Headers({ location });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}
