"use client";

import { useEffect } from "react";

/** Something here is broken, and it is our fault. */
export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  useEffect(() => {
    document.title = "Something went wrong · EventHive";
  }, []);
  return (
    <div className="stack">
      <h1>Something went wrong on our side</h1>
      <p className="lead">
        Nothing is lost, and nobody is charged for it. Try again; if it stays, tell us this number.
      </p>
      {error.digest && (
        <p>
          Error <code>{error.digest}</code>
        </p>
      )}
      <div className="row">
        <button type="button" className="button primary" onClick={reset}>
          Try again
        </button>
        <a className="button" href="/">
          See all tickets
        </a>
      </div>
    </div>
  );
}
