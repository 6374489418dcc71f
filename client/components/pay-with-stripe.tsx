"use client";

import { Component, type ReactNode, useEffect, useState } from "react";
import StripeCheckout from "react-stripe-checkout";
import { Money } from "./money";
import type { WayToPay } from "./pay";

const checkoutScript = "https://checkout.stripe.com/checkout.js";
const loadWithinMs = 10_000;

/** Loads Stripe's script; rejects when it does not come, and can then be asked again. */
function loadCheckout(): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const giveUp = () => {
      script.remove();
      reject(new Error(`${checkoutScript} did not load`));
    };
    script.onload = () => ("StripeCheckout" in window ? resolve() : giveUp());
    script.onerror = giveUp;
    setTimeout(giveUp, loadWithinMs); // too late to matter once it has loaded
    script.src = checkoutScript;
    document.head.append(script);
  });
}

/**
 * Stripe's own dialog. The component throws while it renders when the script is not there, so it is mounted only once
 * that has loaded, and its failure stays in here. It closes its dialog when the page takes it away, as when the time is up.
 */
export function PayWithStripe({ order, checkout, isPaying, onToken }: WayToPay) {
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");

  useEffect(() => {
    if (state !== "loading") return;
    let isLeft = false;
    loadCheckout().then(
      () => isLeft || setState("ready"),
      () => isLeft || setState("failed"),
    );
    return () => {
      isLeft = true;
    };
  }, [state]);

  if (state === "loading") return <p role="status">The payment form is loading …</p>;
  const failed = (
    <div role="alert" className="notice bad">
      <p>
        The payment form could not be loaded. Check your connection, or what blocks scripts of stripe.com.
      </p>
      <button type="button" className="button" onClick={() => setState("loading")}>
        Try again
      </button>
    </div>
  );
  if (state === "failed") return failed;
  return (
    <Contained otherwise={failed}>
      <StripeCheckout
        stripeKey={checkout.publishableKey}
        token={({ id }) => onToken(id)}
        name="EventHive"
        description={order.ticket.title}
        amount={Math.round(order.ticket.price * 100)} // shown only: payments computes what is charged
        currency={checkout.currency.toUpperCase()}
        email={checkout.email}
        disabled={isPaying}
      >
        <button type="button" className="button primary" aria-disabled={isPaying}>
          {isPaying ? (
            "Confirming your payment …"
          ) : (
            <>
              Pay <Money amount={order.ticket.price} />
            </>
          )}
        </button>
      </StripeCheckout>
    </Contained>
  );
}

class Contained extends Component<{ children: ReactNode; otherwise: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.otherwise : this.props.children;
  }
}
