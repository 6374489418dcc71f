import { Fragment } from "react";
import type { Payment } from "@/lib/types";
import { DateTime } from "./date-time";
import { Money } from "./money";

/** What happened to the buyer's money, and when. Empty if nothing was held or charged. */
export function PaymentHistory({ attempts }: { attempts: Payment[] }) {
  const steps = attempts.flatMap(({ id, authorizedAt, chargedAt, refundedAt, releasedAt }) => [
    { key: `${id} held`, what: "Amount held", at: authorizedAt },
    { key: `${id} charged`, what: "Card charged", at: chargedAt },
    { key: `${id} refunded`, what: "Refunded", at: refundedAt },
    { key: `${id} released`, what: "Hold released", at: releasedAt },
  ]);
  if (steps.every(({ at }) => !at)) return null;
  return (
    <dl className="facts">
      {steps.map(
        ({ key, what, at }) =>
          at && (
            <Fragment key={key}>
              <dt>{what}</dt>
              <dd>
                <DateTime iso={at} />
              </dd>
            </Fragment>
          ),
      )}
      {attempts.map((payment) => (
        <ChangesAtStripe key={payment.id} payment={payment} />
      ))}
    </dl>
  );
}

/** Rows about a refund by hand and a dispute, if there are any. */
export function ChangesAtStripe({ payment: { amountRefunded, disputedAt } }: { payment: Payment }) {
  return (
    <>
      {amountRefunded && (
        <>
          <dt>Refunded to your card</dt>
          <dd>
            <Money amount={amountRefunded / 100} />
          </dd>
        </>
      )}
      {disputedAt && (
        <>
          <dt>Disputed on</dt>
          <dd>
            <DateTime iso={disputedAt} />
          </dd>
        </>
      )}
    </>
  );
}
