"use client";

import ErrorPage from "./error";
import "./globals.css";

/** Replaces the whole document when the layout itself throws. */
export default function GlobalErrorPage(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main>
          <ErrorPage {...props} />
        </main>
      </body>
    </html>
  );
}
