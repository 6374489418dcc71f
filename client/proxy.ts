import { type NextRequest, NextResponse } from "next/server";
import { linkCookie, linkPages } from "./lib/link-pages";

const checkout = "https://checkout.stripe.com";
/** Stripe.js, and 3-D Secure in it: https://docs.stripe.com/security/guide#content-security-policy */
const stripeJs = {
  connect: "https://api.stripe.com",
  frames: ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
};

/** As long as the link of a reset is valid by default. */
const linkCookieSeconds = 30 * 60;

/** The routes for POST; everything else is a page. */
const forms = [
  "/auth/account",
  "/auth/recovery",
  "/auth/session",
  "/test-cards",
  "/test-cards/three-d-secure",
];

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
  const { pathname, searchParams } = request.nextUrl;
  const token = searchParams.get("token");
  if (token !== null && linkPages.includes(pathname)) return withoutToken(pathname, token);
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const policy = policyFor(pathname, nonce);
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy); // Next reads the nonce from here
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

/**
 * Moves the token of a link to a cookie of its page, so that no page has it in its address: it would stay in the history,
 * and the browser would send it in `Referer`.
 */
function withoutToken(pathname: string, token: string): NextResponse {
  const address = new URL(pathname, process.env.PUBLIC_URL);
  const headers = { "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" };
  const response = NextResponse.redirect(address, { status: 303, headers });
  if (/^[\w-]{1,200}$/.test(token))
    response.cookies.set(linkCookie, token, {
      path: pathname,
      maxAge: linkCookieSeconds,
      httpOnly: true,
      sameSite: "lax", // "strict" would not be sent when the link was opened in a webmail
      secure: address.protocol === "https:",
    });
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
