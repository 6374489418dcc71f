import StripeApi from "stripe";
import type { Intent } from "../../infra/stripe-sandbox/ledger";
import type { Simulation } from "./simulation";

/** When each copy of an event arrives. None: the event is lost. */
export type WebhookDelays = number[];

/** Stripe reports a change of an intent to payments: never, once or several times, in any order. */
export function sendWebhooks(simulation: Simulation, intent: Intent, delaysMs: WebhookDelays): void {
  const { scheduler, network } = simulation;
  const timestamp = Math.floor(scheduler.now / 1000);
  const body = {
    id: `evt_${intent.id}_${intent.status}`,
    object: "event",
    type: `payment_intent.${intent.status}`,
    data: { object: intent },
  };
  const secret = process.env.STRIPE_WEBHOOK_SECRET ?? "";
  const payload = JSON.stringify(body);
  const signature = StripeApi.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  for (const delayMs of delaysMs)
    scheduler.start("stripe", "webhook", () => scheduler.park("is under way", delayMs), {
      onEnd: () =>
        void network.send({
          user: "Stripe",
          method: "POST",
          path: "/api/payments/webhook",
          body,
          cookie: "",
          headers: { "stripe-signature": signature },
        }),
    });
}
