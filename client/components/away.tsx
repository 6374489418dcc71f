import { Polling } from "./live";

/** Stands where a service's part of the page would be, and makes room for it when it is back. */
export function Away({ what }: { what: string }) {
  return (
    <div className="notice" role="status">
      <strong>{what} are temporarily unavailable.</strong> Nothing is lost; this page retries automatically.
      <Polling firstMs={5_000} />
    </div>
  );
}
