"use client";

import type { Stripe, StripeElements, StripePaymentElement } from "@stripe/stripe-js";
import { useEffect, useRef, useState } from "react";
import { stripeJs, useChallenge } from "@/lib/stripe";
import type { PaymentFormProps } from "./pay";
import styles from "./pay-with-payment-element.module.css";
import { PayLabel } from "./pay-label";
import { PaymentFormFailed } from "./payment-form-failed";

/** Stripe's Payment Element: card data stays in Stripe's frames, and a confirmation token represents it. */
export function PayWithPaymentElement({
  order,
  checkout,
  isPaying,
  onToken,
  clientSecret,
  onChallengeEnd,
}: PaymentFormProps) {
  const { publishableKey, currency } = checkout;
  const amount = Math.round(order.ticket.price * 100); // for display; payments computes the amount to charge
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  const [attempts, setAttempts] = useState(0);
  const [isReading, setIsReading] = useState(false);
  const [message, setMessage] = useState<string>();
  const place = useRef<HTMLDivElement>(null);
  const loaded = useRef<{ stripe: Stripe; elements: StripeElements }>(undefined);
  useChallenge({ publishableKey, clientSecret, onEnd: onChallengeEnd });

  useEffect(() => {
    let element: StripePaymentElement | undefined;
    let isUnmounted = false;
    const fail = () => isUnmounted || setState("failed");

    function mount(stripe: Stripe): void {
      if (isUnmounted || !place.current) return;
      const elements = stripe.elements({
        mode: "payment",
        amount,
        currency,
        captureMethod: "manual", // as payments creates its intents
        allowedPaymentMethodTypes: ["card"],
        appearance: appearance(),
      });
      element = elements.create("payment", { wallets: { applePay: "never", googlePay: "never" } });
      element.on("ready", () => setState("ready"));
      element.on("loaderror", fail);
      element.mount(place.current);
      loaded.current = { stripe, elements };
    }

    stripeJs(publishableKey).then(mount).catch(fail);
    return () => {
      isUnmounted = true;
      element?.destroy();
    };
  }, [publishableKey, amount, currency, attempts]);

  async function readCard(): Promise<void> {
    if (!loaded.current || isReading || isPaying) return;
    const { stripe, elements } = loaded.current;
    setIsReading(true);
    setMessage(undefined);
    const { error: invalid } = await elements.submit();
    const { confirmationToken, error } = invalid
      ? { error: invalid }
      : await stripe.createConfirmationToken({ elements });
    setIsReading(false);
    if (confirmationToken) onToken(confirmationToken.id);
    else if (error?.type !== "validation_error") setMessage(error?.message); // those it shows on its fields
  }

  function retry(): void {
    setState("loading");
    setAttempts(attempts + 1);
  }

  const isBusy = isReading || isPaying;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void readCard();
      }}
    >
      {state === "loading" && <p role="status">Loading the payment form…</p>}
      {state === "failed" && <PaymentFormFailed onRetry={retry} />}
      <div ref={place} hidden={state === "failed"} />
      {state === "ready" && (
        <button className="button primary" aria-disabled={isBusy}>
          <PayLabel isPaying={isBusy} price={order.ticket.price} />
        </button>
      )}
      {message && (
        <p role="alert" className="notice bad">
          {message}
        </p>
      )}
    </form>
  );
}

/** The form's frames do not use this page's style sheet. */
function appearance() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  return {
    theme: isDark ? ("night" as const) : ("stripe" as const),
    variables: { borderRadius: "10px", colorPrimary: isDark ? "#f6c453" : "#855600" },
  };
}
