/** Replaces a form of Stripe's that could not be loaded. */
export function PaymentFormFailed({ onRetry }: { onRetry: () => void }) {
  return (
    <div role="alert" className="notice bad">
      <p>
        The payment form could not be loaded. Check your connection, and whether a browser extension blocks
        scripts from stripe.com.
      </p>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
