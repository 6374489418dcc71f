import { Polling } from "./live";

/** Replaces the content of a service that is unavailable, and polls until it is back. */
export function Unavailable({ what }: { what: string }) {
  return (
    <div className="notice" role="status">
      <strong>{what} are temporarily unavailable.</strong> Nothing is lost; this page retries automatically.
      <Polling firstMs={5_000} />
    </div>
  );
}
