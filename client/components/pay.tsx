"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, useCallback, useRef, useState } from "react";
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

export function Pay({ order, checkout }: Pick<PaymentFormProps, "order" | "checkout">) {
  const router = useRouter();
  const [isPaying, setIsPaying] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  /** The token of a card that may have been charged: sent again, it continues the same payment. */
  const [openToken, setOpenToken] = useState<string>();
  const isSent = useRef(false);

  const pay = useCallback(
    async (token: string) => {
      if (isSent.current) return; // a double click pays once
      isSent.current = true;
      setIsPaying(true);
      setProblem(undefined);
      try {
        await buildClient().post("/api/payments", { orderId: order.id, token });
      } catch (error) {
        const newProblem = problemOf(error);
        setProblem(newProblem);
        setOpenToken(rejectionCodes.includes(newProblem.code) ? undefined : token);
        isSent.current = outdatedCodes.includes(newProblem.code);
        setIsPaying(isSent.current);
      }
      router.refresh(); // the order, not this response, decides what the page shows
    },
    [order.id, router],
  );
  const onToken = useCallback((token: string) => void pay(token), [pay]);

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
