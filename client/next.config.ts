import { join } from "node:path";
import type { NextConfig } from "next";

const headers = Object.entries({
  "Cross-Origin-Opener-Policy": "same-origin-allow-popups", // Stripe's form may open a window
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Strict-Transport-Security": "max-age=31536000", // heeded over https only
  "X-Content-Type-Options": "nosniff",
}).map(([key, value]) => ({ key, value }));

export default {
  output: "standalone",
  outputFileTracingRoot: join(__dirname, ".."),
  poweredByHeader: false,
  logging: { incomingRequests: { ignore: [/^\/(livez|readyz)/] } }, // asked all the time
  headers: async () => [{ source: "/:path*", headers }],
} satisfies NextConfig;
