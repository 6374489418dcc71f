import { BadRequestError, NotFoundError, clock, endpoint, seconds } from "@eventhive/common";
import type { Request } from "express";
import StripeApi from "stripe";
import { z } from "zod";
import { config } from "../config";
import { finishSweep } from "../finish-intents";
import { webhooks } from "../metrics";
import { makeDue } from "../models/attempts";
import { Payment } from "../models/payment";

const toleranceMs = seconds(300);
const signatureHeader = "Stripe-Signature";

/**
 * Stripe reports a change of an intent. This is only a hint: payments does not trust the event, but reads the intent at
 * Stripe earlier than the sweep would. So a lost, repeated, reordered or replayed event changes nothing.
 */
export const receiveWebhook = endpoint(
  {
    id: "receiveWebhook",
    summary: "Called by Stripe when an intent changes",
    signature: signatureHeader,
    responses: { 200: { description: "Received" } },
    errors: { 404: ["not-found"] },
  },
  async (req: Request, res) => {
    const secrets = [config.STRIPE_WEBHOOK_SECRET, config.STRIPE_WEBHOOK_SECRET_PREVIOUS].filter(isText);
    const signature = req.get(signatureHeader) ?? "";
    if (!secrets.some((secret) => isSigned(req.body, signature, secret))) {
      // What has no signature at all is not Stripe's: an operator need not see it.
      webhooks.inc({ outcome: signature.includes("v1=") ? "rejected" : "unsigned" });
      if (secrets.length === 0) throw new NotFoundError();
      throw new BadRequestError("invalid-signature", "The signature is not valid");
    }
    const event = eventSchema.safeParse(JSON.parse(String(req.body)));
    if (event.success) await makeDueIfChanged(event.data.data.object);
    webhooks.inc({ outcome: "accepted" });
    res.status(200).end();
  },
);

const isText = (secret: string | undefined): secret is string => secret !== undefined;

/** Other kinds of events are ignored. */
const eventSchema = z.object({
  data: z.object({
    object: z.object({ object: z.literal("payment_intent"), id: z.string(), status: z.string() }),
  }),
});

/** By our own clock. Stripe's library accepts any time in the future. */
function isSigned(body: Buffer, signature: string, secret: string): boolean {
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]) * 1000;
  if (!(Math.abs(clock.now() - signedAt) <= toleranceMs)) return false;
  try {
    StripeApi.webhooks.constructEvent(body, signature, secret, toleranceMs / 1000, undefined, clock.now());
    return true;
  } catch {
    return false; // another secret, or not an event
  }
}

/** The statuses that change a payment in this state; others result from what payments has just done itself. */
export const changes: Partial<Record<Payment["state"], string[]>> = {
  challenged: ["requires_capture", "requires_payment_method", "canceled"],
  authorized: ["canceled"],
  capturing: ["succeeded", "requires_payment_method", "canceled"],
};

/** A capture in progress gets this from its response. */
const isUnderWay = ({ state, since }: Payment) =>
  state === "capturing" && clock.now() - since.getTime() < seconds(5);

async function makeDueIfChanged({ id: intentId, status }: { id: string; status: string }): Promise<void> {
  const payment = await Payment.findOne({ intentId });
  if (!payment || !changes[payment.state]?.includes(status) || isUnderWay(payment)) return;
  await makeDue(payment);
  finishSweep.kick();
}
