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
  /** Of Stripe; without it, cards are test cards. */
  publishableKey: string;
  currency: string;
  email?: string;
}

/** What a way to pay is given: it makes a token out of a card, and this is what becomes of it. */
export interface WayToPay {
  order: Order;
  checkout: Checkout;
  isPaying: boolean;
  onToken: (token: string) => void;
}

/** After these the order is not as the page shows it. */
const overtaken = ["order-expired", "order-cancelled", "order-paid", "payment-in-progress"];
const refusals = [...overtaken, "payment-declined", "invalid-input", "not-yours", "not-signed-in"];

export function Pay({ order, checkout }: Pick<WayToPay, "order" | "checkout">) {
  const router = useRouter();
  const [isPaying, setIsPaying] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  /** Of a card that may be charged already: sent again, it goes on with the same payment. */
  const [openToken, setOpenToken] = useState<string>();
  const isSent = useRef(false);

  const pay = useCallback(
    async (token: string) => {
      if (isSent.current) return; // two clicks are one payment
      isSent.current = true;
      setIsPaying(true);
      setProblem(undefined);
      try {
        await buildClient().post("/api/payments", { orderId: order.id, token });
      } catch (error) {
        const refusal = problemOf(error);
        setProblem(refusal);
        setOpenToken(refusals.includes(refusal.code) ? undefined : token);
        isSent.current = overtaken.includes(refusal.code);
        setIsPaying(isSent.current);
      }
      router.refresh(); // the page knows by the order, not by this answer, what comes next
    },
    [order.id, router],
  );
  const onToken = useCallback((token: string) => void pay(token), [pay]);

  const way = { order, checkout, isPaying, onToken };
  return (
    <>
      {openToken && (
        <button
          type="button"
          className="button primary"
          aria-disabled={isPaying}
          onClick={() => onToken(openToken)}
        >
          {isPaying ? "Asking …" : "Ask again"}
        </button>
      )}
      <div hidden={Boolean(openToken)}>
        {checkout.publishableKey ? <PayWithStripe {...way} /> : <PayWithTestCard {...way} />}
      </div>
      {problem && (
        <div role="alert" className="notice bad">
          {explain(problem)}
        </div>
      )}
      <noscript>
        <p className="notice bad">Paying needs JavaScript, which this browser does not run.</p>
      </noscript>
    </>
  );
}

function explain({ code, message }: Problem): ReactNode {
  switch (code) {
    case "payment-declined":
      return <>{message} Nothing was charged: try another card.</>;
    case "not-found":
      return "Your order is still being registered. Try again in a moment.";
    case "not-signed-in":
      return <SessionEnded goOn=", and pay in time." />;
    default:
      if (refusals.includes(code)) return message;
      return "We do not know yet whether your card was charged. Try again: it continues the same payment, so you are charged at most once.";
  }
}
