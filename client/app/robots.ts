import type { MetadataRoute } from "next";
import { settings } from "@/lib/settings";

/** `PUBLIC_URL` is read at run time. */
export const dynamic = "force-dynamic";

export default function robots(): MetadataRoute.Robots {
  return {
    rules: {
      userAgent: "*",
      allow: "/api/docs",
      disallow: [
        "/account",
        "/admin",
        "/api/",
        "/auth/",
        "/forgot-password",
        "/listings",
        "/orders",
        "/reset-password",
        "/tickets/new",
        "/verify-email",
      ],
    },
    sitemap: new URL("/sitemap.xml", settings().PUBLIC_URL).href,
  };
}
