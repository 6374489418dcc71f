"use client";

import { useEffect } from "react";

/** For errors thrown while a page renders, in the browser or on the server. */
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
        Your orders and listings are safe, and you are never charged twice. Try again. If the error persists,
        report it{error.digest ? " with the error code below" : ""}.
      </p>
      {error.digest && (
        <p>
          Error code: <code>{error.digest}</code>
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
