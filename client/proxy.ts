import { type NextRequest, NextResponse } from "next/server";

const stripe = "https://checkout.stripe.com";

/** What takes a POST; everything else is a page. */
const forms = ["/auth/session", "/test-cards"];

/**
 * Rejects methods that pages do not have: Next would render the page for any of them. Gives each page a policy of what it may load (https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP), with a nonce
 * that only scripts of this answer know. A list of hosts would not do: Next's own scripts are written into the page.
 */
export function proxy(request: NextRequest): NextResponse {
  const allowed = forms.includes(request.nextUrl.pathname) ? ["POST"] : ["GET", "HEAD"];
  if (!allowed.includes(request.method)) {
    const status = request.method === "OPTIONS" ? 204 : 405;
    return new NextResponse(null, { status, headers: { Allow: allowed.join(", ") } });
  }
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const policy = policyFor(request.nextUrl.pathname, nonce);
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy); // Next reads the nonce from here
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: "/((?!_next/static|icon|favicon.ico|apple-touch-icon).*)" };

/** Stripe's script brings a frame, and writes styles into the page; Next, while one develops, evaluates code. */
function policyFor(path: string, nonce: string): string {
  const pays = Boolean(process.env.STRIPE_PUBLISHABLE_KEY) && /^\/orders\/[^/]+$/.test(path);
  const develops = process.env.NODE_ENV === "development";
  const sources = {
    "default-src": ["'self'"],
    "script-src": ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", develops && "'unsafe-eval'"],
    "style-src": ["'self'", (develops || pays) && "'unsafe-inline'", pays && stripe],
    "img-src": ["'self'", "data:", pays && "https://*.stripe.com"],
    "connect-src": ["'self'", pays && stripe],
    "frame-src": [pays ? stripe : "'none'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(sources)
    .map(([directive, allowed]) => [directive, ...allowed.filter(Boolean)].join(" "))
    .join("; ");
}
