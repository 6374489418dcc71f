"use client";

import ErrorPage from "./error";
import "./globals.css";

/** Takes the place of the whole page when its frame is broken too. */
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
