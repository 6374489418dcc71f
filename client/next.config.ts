import { join } from "node:path";
import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";
import type * as Fingerprint from "./fingerprint";

// Next resolves an import of this file against the working directory.
const { fingerprint }: typeof Fingerprint = require(join(__dirname, "fingerprint.ts"));

const headers = Object.entries({
  "Cross-Origin-Opener-Policy": "same-origin-allow-popups", // Stripe's form may open a window
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Strict-Transport-Security": "max-age=31536000", // heeded over https only
  "X-Content-Type-Options": "nosniff",
}).map(([key, value]) => ({ key, value }));

/** Read when a preview picture is drawn, which the build cannot see. */
const posterFonts = [
  "../node_modules/@fontsource-variable/noto-*/files/*-wght-normal.woff2",
  "../node_modules/@fontsource-variable/noto-*/package.json",
  "../node_modules/@fontsource/unifontex/files/*.woff2",
  "../node_modules/@fontsource/unifontex/package.json",
];

const config: NextConfig = {
  output: "standalone",
  serverExternalPackages: ["@napi-rs/canvas"],
  images: { unoptimized: true }, // there are none to optimize: the server needs no library for it
  outputFileTracingExcludes: { "*": ["../node_modules/@img/**", "../node_modules/sharp/**"] },
  outputFileTracingIncludes: { "/**/opengraph-image": posterFonts },
  outputFileTracingRoot: join(__dirname, ".."),
  poweredByHeader: false,
  logging: { incomingRequests: { ignore: [/^\/(livez|readyz)/] } }, // asked all the time
  headers: async () => [{ source: "/:path*", headers }],
};

/**
 * A page that was opened before a deployment loads the document when a link leads to a server of the other version, whose
 * payload its scripts would not understand. In development Next replaces what changed in open pages.
 */
export default (phase: string): NextConfig =>
  phase === PHASE_DEVELOPMENT_SERVER ? config : { ...config, deploymentId: fingerprint() };
