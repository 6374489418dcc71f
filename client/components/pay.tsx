"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, startTransition, useCallback, useEffect, useRef, useState } from "react";
import { buildClient } from "@/lib/build-client";
import { isRejection } from "@/lib/payment-errors";
import { type Problem, problemOf } from "@/lib/problem";
import type { Order, PendingPayment } from "@/lib/types";
import { PayWithCheckout } from "./pay-with-checkout";
import { PayWithPaymentElement } from "./pay-with-payment-element";
import { PayWithTestCard } from "./pay-with-test-card";
import { SessionEnded } from "./session-ended";

export interface Checkout {
  /** Stripe's; without it, test cards are used. */
  publishableKey: string;
  form: keyof typeof forms;
  currency: string;
  email?: string;
}

/** The props of a payment form, which exchanges a card for a token, and has the buyer pass 3-D Secure. */
export interface PaymentFormProps {
  order: Order;
  checkout: Checkout;
  isPaying: boolean;
  onToken: (token: string) => void;
  /** The secret of a payment that waits for 3-D Secure. */
  clientSecret?: string;
  /** Called whatever the outcome: payments reads it at Stripe. */
  onChallengeEnd: () => void;
}

const forms = {
  checkout: PayWithCheckout,
  "payment-element": PayWithPaymentElement,
  "test-card": PayWithTestCard,
};

/** Money is held for the order, and there is no decision yet. Payments waits 5 s for one, so this is two minutes. */
const undecidedStates: PendingPayment["state"][] = ["authorized", "capturing"];
const maxRepeats = 24;

/** After these errors, the order is not in the state that the page shows. */
const outdatedCodes = ["order-expired", "order-cancelled", "order-paid", "payment-in-progress"];

type PayProps = Pick<PaymentFormProps, "order" | "checkout"> & {
  /** Hides the form while a payment is being confirmed; if that fails, the order has to be paid again. */
  isConfirming: boolean;
  /** The card of the payment that has not failed was not charged, and another one can take its place. */
  mayBeReplaced: boolean;
};

export function Pay({ order, checkout, isConfirming, mayBeReplaced }: PayProps) {
  const router = useRouter();
  const [isPaying, setIsPaying] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [challenge, setChallenge] = useState<{ token: string; clientSecret: string }>();
  /** The token of a card that may have been charged: sent again, it continues the same payment. */
  const [openToken, setOpenToken] = useState<string>();
  const isSent = useRef(false);
  useEffect(() => {
    isSent.current = isPaying;
  }, [isPaying]);

  const pay = useCallback(
    async (token: string, wasChallenged = false) => {
      isSent.current = true;
      setIsPaying(true);
      setProblem(undefined);
      // The order, not the response to the payment, decides what the page shows.
      const refresh = () => {
        setIsPaying(false);
        router.refresh();
      };
      try {
        const post = () => buildClient().post<PendingPayment>("/api/payments", { orderId: order.id, token });
        let { data } = await post();
        for (let repeats = 0; undecidedStates.includes(data.state) && repeats < maxRepeats; repeats++) {
          router.refresh();
          ({ data } = await post()); // throws the reason if the card is not charged
        }
        if (data.clientSecret && !wasChallenged) {
          setChallenge({ token, clientSecret: data.clientSecret });
          setOpenToken(undefined); // shows the form, which asks the buyer
          router.refresh(); // the form may be hidden, if the page has seen the payment already
          return;
        }
        if (data.clientSecret) {
          setProblem({ code: "not-authenticated", fields: {} });
          setOpenToken(token);
          refresh();
          return;
        }
        // The form stays as it is, disabled, until the new page is there.
        startTransition(() => {
          setOpenToken(undefined);
          refresh();
        });
      } catch (error) {
        const newProblem = problemOf(error);
        setProblem(newProblem);
        setOpenToken(isRejection(newProblem.code) ? undefined : token);
        if (outdatedCodes.includes(newProblem.code)) startTransition(refresh);
        // A refresh would replace the page with the sign-in form.
        else if (newProblem.code === "banned") setIsPaying(false);
        else refresh();
      }
    },
    [order.id, router],
  );
  const onToken = useCallback(
    (token: string) => {
      if (!isSent.current) void pay(token); // a double click pays once
    },
    [pay],
  );

  function onChallengeEnd(): void {
    if (!challenge) return;
    setChallenge(undefined);
    void pay(challenge.token, true);
  }

  if (isConfirming) return null;
  const PaymentForm = forms[checkout.form];
  const clientSecret = challenge?.clientSecret;
  const form = { order, checkout, isPaying, onToken, clientSecret, onChallengeEnd };
  const isUncharged = problem?.code === "payment-pending" && mayBeReplaced;
  const mayUseAnotherCard = !openToken || isUncharged || problem?.code === "not-authenticated";
  const retry = openToken && (
    <button
      type="button"
      className={`button ${mayUseAnotherCard ? "" : "primary"}`}
      aria-disabled={isPaying}
      onClick={() => onToken(openToken)}
    >
      {isPaying ? "Trying again…" : "Try again"}
    </button>
  );
  return (
    <>
      {!mayUseAnotherCard && retry}
      <div hidden={!mayUseAnotherCard || problem?.code === "banned"}>
        <PaymentForm {...form} />
      </div>
      {problem && (
        <div role="alert" className="notice bad">
          <p>{explain(problem, isUncharged)}</p>
          {mayUseAnotherCard && retry}
        </div>
      )}
      <noscript>
        <p className="notice bad">Paying requires JavaScript, which is turned off in this browser.</p>
      </noscript>
    </>
  );
}

function explain({ code, message }: Problem, isUncharged: boolean): ReactNode {
  if (isUncharged)
    return "Your card could not be processed. You have not been charged. Use another card, or try this one again.";
  switch (code) {
    case "payment-declined":
      return <>{message} You have not been charged. Try another card.</>;
    case "not-authenticated":
      return "Your bank has not confirmed this payment yet. You have not been charged. Use another card, or try this one again.";
    case "not-found":
      return "Your order is still being registered. Try again in a moment.";
    case "not-signed-in":
      return <SessionEnded toDo="to pay before your time is up." />;
    default:
      if (isRejection(code)) return message;
      return "We do not know yet whether your card was charged. Try again: this continues the same payment, so you will be charged at most once.";
  }
}
