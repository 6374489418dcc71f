"use client";

import axios from "axios";
import { useState } from "react";
import { ChallengeWithTestCard } from "./challenge-with-test-card";
import { Field, Form, SubmitButton } from "./form";
import { Money } from "./money";
import type { PaymentFormProps } from "./pay";
import styles from "./pay-with-test-card.module.css";

/** Some of https://docs.stripe.com/testing */
const testCards = [
  { number: "4242 4242 4242 4242", does: "pays" },
  { number: "4000 0000 0000 0002", does: "is declined" },
  { number: "4000 0000 0000 9995", does: "has insufficient funds" },
  { number: "4000 0027 6000 3184", does: "requires 3-D Secure" },
];

/** Replaces Stripe's dialog where no Stripe keys are set: the card goes to the sandbox. */
export function PayWithTestCard({
  order,
  isPaying,
  onToken,
  clientSecret,
  onChallengeEnd,
}: PaymentFormProps) {
  const [number, setNumber] = useState("");

  async function makeToken(card: Record<string, string>): Promise<void> {
    const { data } = await axios.post<{ id: string }>("/test-cards", card);
    onToken(data.id);
  }

  return (
    <div className={styles.form}>
      <p className="notice">
        <strong>Test payment.</strong> No real card is charged here. Pick a test card:
      </p>
      <ul className={styles.cards}>
        {testCards.map((card) => (
          <li key={card.number}>
            <button type="button" className="button small" onClick={() => setNumber(card.number)}>
              {card.number} <span>{card.does}</span>
            </button>
          </li>
        ))}
      </ul>
      <Form onSend={makeToken}>
        <Field
          name="number"
          label="Card number"
          inputMode="numeric"
          autoComplete="cc-number"
          pattern="[0-9 ]{12,23}"
          title="The digits of the card number"
          value={number}
          onChange={({ target }) => setNumber(target.value)}
          required
        />
        <div className={styles.pair}>
          <Field
            name="expiry"
            label="Expires"
            hint="Month / year"
            placeholder="12 / 34"
            defaultValue="12 / 34"
            autoComplete="cc-exp"
            pattern="[0-9]{1,2} */ *[0-9]{2}"
            title="Two digits for the month, a slash, two for the year"
            required
          />
          <Field
            name="cvc"
            label="Security code"
            hint="Three digits"
            inputMode="numeric"
            defaultValue="123"
            autoComplete="cc-csc"
            pattern="[0-9]{3,4}"
            title="Three or four digits"
            required
          />
        </div>
        <SubmitButton sending="Confirming your payment…" isSending={isPaying}>
          Pay <Money amount={order.ticket.price} />
        </SubmitButton>
      </Form>
      {clientSecret && <ChallengeWithTestCard clientSecret={clientSecret} onEnd={onChallengeEnd} />}
    </div>
  );
}
