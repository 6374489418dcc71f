import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { Footer } from "@/components/footer";
import { Header } from "@/components/header";
import { RefreshOnBack } from "@/components/live";
import { Currency } from "@/components/money";
import { ReloadReplaced } from "@/components/reload-replaced";
import { settings } from "@/lib/settings";
import "./globals.css";

/** No page is prerendered: each carries a nonce, and settings that are read at run time. */
export const dynamic = "force-dynamic";

export function generateMetadata(): Metadata {
  const description =
    "Buy and sell event tickets, person to person. Reserve a ticket, then pay before your time is up.";
  return {
    metadataBase: new URL(settings().PUBLIC_URL),
    title: { default: "EventHive: tickets, person to person", template: "%s · EventHive" },
    description,
    applicationName: "EventHive",
    openGraph: { type: "website", siteName: "EventHive", description, url: "./" },
    twitter: { card: "summary_large_image" },
    alternates: { canonical: "./" },
  };
}

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fffdf9" },
    { media: "(prefers-color-scheme: dark)", color: "#211c13" },
  ],
};

export default function Layout({ children }: { children: ReactNode }) {
  const { CURRENCY } = settings();
  return (
    <html lang="en">
      <head>
        <ReloadReplaced />
        {/* Not as metadata, which would replace the link to icon.svg. Without it, older phones request other names. */}
        <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
      </head>
      <body>
        <a className="button primary skip-link" href="#main">
          Skip to main content
        </a>
        <RefreshOnBack />
        <Currency value={CURRENCY}>
          <Header />
          <main id="main" tabIndex={-1}>
            {children}
          </main>
          <Footer />
        </Currency>
      </body>
    </html>
  );
}
