import type { Stripe } from "@stripe/stripe-js";
import { loadStripe } from "@stripe/stripe-js/pure";
import { useEffect, useEffectEvent } from "react";

const loadTimeoutMs = 10_000;
let loading: Promise<Stripe> | undefined;

/** Stripe.js, loaded from Stripe once, or again after a failure. */
export function stripeJs(publishableKey: string): Promise<Stripe> {
  loading ??= load(publishableKey).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(publishableKey: string): Promise<Stripe> {
  const timeout = new Promise<never>((_resolve, reject) => {
    setTimeout(reject, loadTimeoutMs, new Error("Stripe.js did not load in time"));
  });
  const stripe = await Promise.race([loadStripe(publishableKey), timeout]);
  if (!stripe) throw new Error("Stripe.js needs a browser");
  return stripe;
}

interface Challenge {
  publishableKey: string;
  /** The secret of the payment that waits for 3-D Secure. */
  clientSecret?: string;
  /** Called when the buyer has passed, failed or closed it, or it could not be shown. */
  onEnd: () => void;
}

/** Has the buyer pass 3-D Secure in a dialog of Stripe.js. */
export function useChallenge({ publishableKey, clientSecret, onEnd }: Challenge): void {
  const end = useEffectEvent(onEnd);
  useEffect(() => {
    if (!clientSecret) return;
    let isUnmounted = false;
    const endOnce = () => isUnmounted || end();
    stripeJs(publishableKey)
      .then((stripe) => stripe.handleNextAction({ clientSecret }))
      .then(endOnce, endOnce);
    return () => {
      isUnmounted = true;
    };
  }, [publishableKey, clientSecret]);
}
