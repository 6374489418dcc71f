import { createHmac } from "node:crypto";
import type Stripe from "stripe";
import { z } from "zod";
import type { Intent } from "./ledger";
import { readParameters, text } from "./parameters";
import { newId } from "./writes";

const endpointSchema = z.strictObject({
  url: z.url(),
  secret: text,
  /** How events are delivered. `reordered` delays one until the next has been sent. */
  delivery: z.enum(["once", "lost", "doubled", "reordered", "late", "forged"]).default("once"),
});
type Endpoint = z.output<typeof endpointSchema>;

type EventType = Stripe.Event["type"];

/** By the status of the intent that the event reports. */
export const typeOf: Partial<Record<Intent["status"], EventType>> = {
  requires_action: "payment_intent.requires_action",
  requires_capture: "payment_intent.amount_capturable_updated",
  requires_payment_method: "payment_intent.payment_failed",
  processing: "payment_intent.processing",
  succeeded: "payment_intent.succeeded",
  canceled: "payment_intent.canceled",
};

const lateMs = 5_000;
const timeoutMs = 5_000;

/** Sends signed events of intents to one endpoint. Unlike Stripe, it does not retry. */
export class Webhooks {
  #endpoint?: Endpoint;
  #heldBack?: Intent;

  constructor(
    private readonly now: () => number,
    private readonly later: (milliseconds: number, work: () => void) => void,
  ) {}

  /** @throws StripeError for an endpoint that is malformed */
  register(given: unknown): void {
    this.#endpoint = readParameters(endpointSchema, given);
    this.#heldBack = undefined;
  }

  notify(intent: Intent): void {
    const isNew = intent.status === "requires_payment_method" && !intent.last_payment_error;
    if (isNew || !typeOf[intent.status]) return;
    switch (this.#endpoint?.delivery) {
      case undefined:
      case "lost":
        return;
      case "doubled":
        this.#send(intent, 2);
        return;
      case "late":
        this.later(lateMs, () => this.#send(intent));
        return;
      case "reordered":
        this.#sendReordered(intent);
        return;
      case "forged":
        this.#send(intent, 1, "whsec_of_somebody_else");
        return;
      case "once":
        this.#send(intent);
    }
  }

  #sendReordered(intent: Intent): void {
    const first = this.#heldBack;
    this.#heldBack = first ? undefined : intent;
    if (!first) return;
    void this.#deliver(intent).then(() => this.#deliver(first));
  }

  #send(intent: Intent, times = 1, secret?: string): void {
    const id = newId("evt");
    for (let sent = 0; sent < times; sent += 1) void this.#deliver(intent, secret, id);
  }

  async #deliver(intent: Intent, secret = this.#endpoint?.secret ?? "", id = newId("evt")): Promise<void> {
    const type = typeOf[intent.status];
    if (!this.#endpoint || !type) return;
    const created = Math.floor(this.now() / 1000);
    const event = {
      id,
      object: "event",
      api_version: null,
      created,
      data: { object: intent },
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type,
    };
    const body = JSON.stringify(event);
    const signature = createHmac("sha256", secret).update(`${created}.${body}`).digest("hex");
    await fetch(this.#endpoint.url, {
      method: "POST",
      headers: { "content-type": "application/json", "stripe-signature": `t=${created},v1=${signature}` },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    }).then(
      (response) => response.body?.cancel(),
      () => undefined, // the endpoint is down: this event is lost
    );
  }
}
