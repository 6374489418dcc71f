import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type Stripe from "stripe";

export interface Token {
  id: string;
  /** The number of a test card. Others are rejected. */
  number: string;
  used: boolean;
}

/** The card behind a payment method or a confirmation token. */
export interface Method {
  id: string;
  number: string;
  /** A confirmation token can confirm one intent. A payment method can be reused. */
  usedBy?: string;
  /** Seconds since 1970; of confirmation tokens. */
  expiresAt?: number;
}

export type Intent = Pick<
  Stripe.PaymentIntent,
  | "object"
  | "amount"
  | "amount_capturable"
  | "amount_received"
  | "canceled_at"
  | "capture_method"
  | "client_secret"
  | "created"
  | "currency"
  | "description"
  | "last_payment_error"
  | "livemode"
  | "metadata"
  | "next_action"
  | "payment_method_types"
  | "processing"
  | "status"
> & {
  id: string;
  latest_charge: string | null;
  payment_method: string | null;
  cancellation_reason: Stripe.PaymentIntent.CancellationReason | null;
};

export interface Charge {
  id: string;
  object: "charge";
  amount: number;
  /** Missing in ledgers of older versions, as is `payment_intent`. */
  amount_captured?: number;
  amount_refunded: number;
  captured: boolean;
  created: number;
  currency: string;
  description: string | null;
  disputed: boolean;
  failure_code: string | null;
  failure_message: string | null;
  livemode: false;
  metadata: Record<string, string>;
  paid: boolean;
  payment_intent?: string | null;
  payment_method_details: { type: "card"; card: { brand: string; last4: string } };
  refunded: boolean;
  status: "succeeded" | "failed";
}

export interface Refund {
  id: string;
  object: "refund";
  amount: number;
  charge: string;
  created: number;
  currency: string;
  metadata: Record<string, string>;
  payment_intent?: string | null;
  status: "succeeded";
}

export interface Dispute {
  id: string;
  object: "dispute";
  amount: number;
  charge: string;
  created: number;
  currency: string;
  reason: "fraudulent";
  status: "needs_response";
}

/** The response to a request with an idempotency key. */
export interface StoredResponse {
  key: string;
  path: string;
  parameters: unknown;
  status: number;
  body: unknown;
  created: number;
}

export interface Changes {
  token?: Token | undefined;
  method?: Method | undefined;
  intent?: Intent;
  charge?: Charge | undefined;
  refund?: Refund;
  dispute?: Dispute;
}

type Entry = Changes & { answer?: StoredResponse };

/** The state of the sandbox, oldest entries first. Without a folder, it is kept in memory only. */
export class Ledger {
  readonly tokens = new Map<string, Token>();
  readonly methods = new Map<string, Method>();
  readonly intents = new Map<string, Intent>();
  readonly charges = new Map<string, Charge>();
  readonly refunds = new Map<string, Refund>();
  readonly disputes = new Map<string, Dispute>();
  readonly responses = new Map<string, StoredResponse>();
  readonly #file?: string;
  /** Called after an intent has been written. */
  onIntent?: (intent: Intent) => void;

  constructor(
    dataFolder: string | undefined,
    private readonly now: () => number,
  ) {
    if (!dataFolder) return;
    mkdirSync(dataFolder, { recursive: true });
    this.#file = join(dataFolder, "ledger.jsonl");
    if (!existsSync(this.#file)) return;
    const content = readFileSync(this.#file);
    // A kill during a write leaves a truncated line, for which no response was sent.
    const end = content.lastIndexOf("\n") + 1;
    truncateSync(this.#file, end);
    for (const line of content.toString("utf8", 0, end).split("\n")) if (line) this.#apply(JSON.parse(line));
  }

  /** One entry is one line, on disk before this returns: a change and its response are stored atomically, with the time. */
  write(entry: Entry): void {
    const line = { at: this.now(), ...entry };
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { flush: true });
    this.#apply(entry);
    if (entry.intent) this.onIntent?.(entry.intent);
  }

  #apply({ token, method, intent, charge, refund, dispute, answer }: Entry): void {
    if (token) this.tokens.set(token.id, token);
    if (method) this.methods.set(method.id, method);
    if (intent) this.intents.set(intent.id, intent);
    if (charge) this.charges.set(charge.id, charge);
    if (refund) this.refunds.set(refund.id, refund);
    if (dispute) this.disputes.set(dispute.id, dispute);
    if (answer) this.responses.set(answer.key, answer);
  }
}
