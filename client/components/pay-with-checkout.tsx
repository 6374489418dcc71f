"use client";

import { Component, type ReactNode, useEffect, useState } from "react";
import StripeCheckout from "react-stripe-checkout";
import { useChallenge } from "@/lib/stripe";
import type { PaymentFormProps } from "./pay";
import { PayLabel } from "./pay-label";
import { PaymentFormFailed } from "./payment-form-failed";

const checkoutScript = "https://checkout.stripe.com/checkout.js";
const loadTimeoutMs = 10_000;

/** Loads Stripe's script; may be called again after it has rejected. */
function loadCheckout(): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = () => {
      script.remove();
      reject(new Error(`${checkoutScript} did not load`));
    };
    script.onload = () => ("StripeCheckout" in window ? resolve() : fail());
    script.onerror = fail;
    setTimeout(fail, loadTimeoutMs); // too late to matter once it has loaded
    script.src = checkoutScript;
    document.head.append(script);
  });
}

/**
 * Stripe Checkout's dialog, which does not support 3-D Secure: Stripe.js is loaded when a bank requires it. Its component
 * throws when it renders before the script has loaded, so it is mounted only then, in an error boundary. It closes its
 * dialog when it is unmounted, as when the reservation expires.
 */
export function PayWithCheckout({
  order,
  checkout,
  isPaying,
  onToken,
  clientSecret,
  onChallengeEnd,
}: PaymentFormProps) {
  const { publishableKey } = checkout;
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useChallenge({ publishableKey, clientSecret, onEnd: onChallengeEnd });

  useEffect(() => {
    if (state !== "loading") return;
    let isUnmounted = false;
    loadCheckout().then(
      () => isUnmounted || setState("ready"),
      () => isUnmounted || setState("failed"),
    );
    return () => {
      isUnmounted = true;
    };
  }, [state]);

  if (state === "loading") return <p role="status">Loading the payment form…</p>;
  const failed = <PaymentFormFailed onRetry={() => setState("loading")} />;
  if (state === "failed") return failed;
  return (
    <ErrorBoundary fallback={failed}>
      <StripeCheckout
        stripeKey={publishableKey}
        token={({ id }) => onToken(id)}
        name="EventHive"
        description={order.ticket.title}
        amount={Math.round(order.ticket.price * 100)} // for display; payments computes the amount to charge
        currency={checkout.currency.toUpperCase()}
        email={checkout.email}
        disabled={isPaying}
      >
        <button type="button" className="button primary" aria-disabled={isPaying}>
          <PayLabel isPaying={isPaying} price={order.ticket.price} />
        </button>
      </StripeCheckout>
    </ErrorBoundary>
  );
}

class ErrorBoundary extends Component<{ children: ReactNode; fallback: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
