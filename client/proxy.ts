import { type NextRequest, NextResponse } from "next/server";

const checkout = "https://checkout.stripe.com";
/** Stripe.js, and 3-D Secure in it: https://docs.stripe.com/security/guide#content-security-policy */
const stripeJs = {
  connect: "https://api.stripe.com",
  frames: ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
};

/** The routes for POST; everything else is a page. */
const forms = ["/auth/session", "/test-cards", "/test-cards/three-d-secure"];

/**
 * Rejects methods that pages do not support: Next would render the page for any method. Sets a content security policy
 * (https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP) with a nonce per response. A list of hosts would not be enough,
 * because Next writes inline scripts.
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

/** Stripe needs frames, and Checkout inline styles, on an order's page; Next's development server needs `eval`. */
function policyFor(path: string, nonce: string): string {
  const { STRIPE_PUBLISHABLE_KEY, STRIPE_FORM } = process.env;
  const isStripe = Boolean(STRIPE_PUBLISHABLE_KEY) && /^\/orders\/[^/]+$/.test(path);
  const isCheckout = isStripe && STRIPE_FORM !== "payment-element";
  const isDevelopment = process.env.NODE_ENV === "development";
  const sources = {
    "default-src": ["'self'"],
    "script-src": ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", isDevelopment && "'unsafe-eval'"],
    "style-src": ["'self'", (isDevelopment || isCheckout) && "'unsafe-inline'", isCheckout && checkout],
    "img-src": ["'self'", "data:", isCheckout && "https://*.stripe.com"],
    "connect-src": ["'self'", isStripe && stripeJs.connect, isCheckout && checkout],
    "frame-src": isStripe ? [...stripeJs.frames, isCheckout && checkout] : ["'none'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(sources)
    .map(([directive, allowed]) => [directive, ...allowed.filter(Boolean)].join(" "))
    .join("; ");
}
