import { join } from "node:path";
import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";
import type * as Fingerprint from "./fingerprint";

// Next resolves imports of this file against the working directory.
const { fingerprint }: typeof Fingerprint = require(join(__dirname, "fingerprint.ts"));

const headers = Object.entries({
  "Cross-Origin-Opener-Policy": "same-origin-allow-popups", // Stripe's form may open a window
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Strict-Transport-Security": "max-age=31536000", // browsers ignore it over http
  "X-Content-Type-Options": "nosniff",
}).map(([key, value]) => ({ key, value }));

/** Loaded by name when a preview image is drawn, so the build cannot trace them. */
const posterFonts = [
  "../node_modules/@fontsource-variable/noto-*/files/*-wght-normal.woff2",
  "../node_modules/@fontsource-variable/noto-*/package.json",
  "../node_modules/@fontsource/unifontex/files/*.woff2",
  "../node_modules/@fontsource/unifontex/package.json",
];

const config: NextConfig = {
  output: "standalone",
  serverExternalPackages: ["@napi-rs/canvas"],
  images: { unoptimized: true }, // there are none, so the server needs no library to optimize them
  outputFileTracingExcludes: { "*": ["../node_modules/@img/**", "../node_modules/sharp/**"] },
  outputFileTracingIncludes: { "/**/opengraph-image": posterFonts },
  outputFileTracingRoot: join(__dirname, ".."),
  poweredByHeader: false,
  logging: { incomingRequests: { ignore: [/^\/(livez|readyz)/] } }, // probed all the time
  headers: async () => [{ source: "/:path*", headers }],
};

/**
 * With a deployment id, a page of another version follows a link by loading the document, because its scripts could not
 * read this version's payload. In development, Next updates open pages itself.
 */
export default (phase: string): NextConfig =>
  phase === PHASE_DEVELOPMENT_SERVER ? config : { ...config, deploymentId: fingerprint() };
