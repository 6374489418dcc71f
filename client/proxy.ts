import { type NextRequest, NextResponse } from "next/server";

const stripe = "https://checkout.stripe.com";

/**
 * Gives each page a policy of what it may load (https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP), with a nonce
 * that only scripts of this answer know. A list of hosts would not do: Next's own scripts are written into the page.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const policy = policyFor(request.nextUrl.pathname, nonce);
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy); // Next reads the nonce from here
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: "/((?!_next/static|icon.svg).*)" };

function policyFor(path: string, nonce: string): string {
  const isPayable = /^\/orders\/[^/]+$/.test(path) && Boolean(process.env.STRIPE_PUBLISHABLE_KEY);
  const paying = isPayable ? ` ${stripe}` : "";
  const development = process.env.NODE_ENV === "development";
  return Object.entries({
    "default-src": "'self'",
    "script-src": `'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    "style-src": `'self'${development ? " 'unsafe-inline'" : ""}${isPayable ? ` ${stripe} 'unsafe-inline'` : ""}`,
    "img-src": `'self' data:${isPayable ? " https://*.stripe.com" : ""}`,
    "connect-src": `'self'${paying}`,
    "frame-src": isPayable ? stripe : "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
  })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
}
