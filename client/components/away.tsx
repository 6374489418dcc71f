import { Polling } from "./live";

/** Stands where a service's part of the page would be, and makes room for it when it is back. */
export function Away({ what }: { what: string }) {
  return (
    <div className="notice" role="status">
      <strong>{what} are away for a moment.</strong> Nothing is lost: this page checks again by itself.
      <Polling firstMs={5_000} />
    </div>
  );
}
