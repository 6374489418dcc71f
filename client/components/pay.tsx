"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, startTransition, useCallback, useEffect, useRef, useState } from "react";
import { buildClient } from "@/lib/build-client";
import { type Problem, problemOf } from "@/lib/problem";
import type { Order } from "@/lib/types";
import { PayWithStripe } from "./pay-with-stripe";
import { PayWithTestCard } from "./pay-with-test-card";
import { SessionEnded } from "./session-ended";

export interface Checkout {
  /** Stripe's; without it, test cards are used. */
  publishableKey: string;
  currency: string;
  email?: string;
}

/** The props of a payment form, which exchanges a card for a token. */
export interface PaymentFormProps {
  order: Order;
  checkout: Checkout;
  isPaying: boolean;
  onToken: (token: string) => void;
}

/** After these errors, the order is not in the state that the page shows. */
const outdatedCodes = ["order-expired", "order-cancelled", "order-paid", "payment-in-progress"];
const rejectionCodes = [...outdatedCodes, "payment-declined", "invalid-input", "not-yours", "not-signed-in"];

type PayProps = Pick<PaymentFormProps, "order" | "checkout"> & {
  /** Hides the form while a payment is being confirmed; if that fails, the order has to be paid again. */
  isConfirming: boolean;
};

export function Pay({ order, checkout, isConfirming }: PayProps) {
  const router = useRouter();
  const [isPaying, setIsPaying] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  /** The token of a card that may have been charged: sent again, it continues the same payment. */
  const [openToken, setOpenToken] = useState<string>();
  const isSent = useRef(false);
  useEffect(() => {
    isSent.current = isPaying;
  }, [isPaying]);

  const pay = useCallback(
    async (token: string) => {
      if (isSent.current) return; // a double click pays once
      isSent.current = true;
      setIsPaying(true);
      setProblem(undefined);
      // The order, not the response to the payment, decides what the page shows.
      const refresh = () => {
        setIsPaying(false);
        router.refresh();
      };
      try {
        await buildClient().post("/api/payments", { orderId: order.id, token });
        // The form stays as it is, disabled, until the new page is there.
        startTransition(() => {
          setOpenToken(undefined);
          refresh();
        });
      } catch (error) {
        const newProblem = problemOf(error);
        setProblem(newProblem);
        setOpenToken(rejectionCodes.includes(newProblem.code) ? undefined : token);
        if (outdatedCodes.includes(newProblem.code)) startTransition(refresh);
        else refresh();
      }
    },
    [order.id, router],
  );
  const onToken = useCallback((token: string) => void pay(token), [pay]);

  if (isConfirming) return null;
  const form = { order, checkout, isPaying, onToken };
  return (
    <>
      {openToken && (
        <button
          type="button"
          className="button primary"
          aria-disabled={isPaying}
          onClick={() => onToken(openToken)}
        >
          {isPaying ? "Trying again …" : "Try again"}
        </button>
      )}
      <div hidden={Boolean(openToken)}>
        {checkout.publishableKey ? <PayWithStripe {...form} /> : <PayWithTestCard {...form} />}
      </div>
      {problem && (
        <div role="alert" className="notice bad">
          {explain(problem)}
        </div>
      )}
      <noscript>
        <p className="notice bad">Paying requires JavaScript, which is turned off in this browser.</p>
      </noscript>
    </>
  );
}

function explain({ code, message }: Problem): ReactNode {
  switch (code) {
    case "payment-declined":
      return <>{message} You have not been charged. Try another card.</>;
    case "not-found":
      return "Your order is still being registered. Try again in a moment.";
    case "not-signed-in":
      return <SessionEnded toDo="to pay before your time is up." />;
    default:
      if (rejectionCodes.includes(code)) return message;
      return "We do not know yet whether your card was charged. Try again: this continues the same payment, so you will be charged at most once.";
  }
}
