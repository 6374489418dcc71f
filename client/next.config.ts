import { join } from "node:path";
import type { NextConfig } from "next";

export default {
  output: "standalone",
  outputFileTracingRoot: join(__dirname, ".."),
  poweredByHeader: false,
} satisfies NextConfig;
