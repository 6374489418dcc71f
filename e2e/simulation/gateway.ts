import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { applyIntentEvent, confirmInBrowser } from "../../infra/stripe-sandbox/intent-events";
import type { Ledger } from "../../infra/stripe-sandbox/ledger";
import { createSandbox } from "../../infra/stripe-sandbox/sandbox";
import { StripeError } from "../../infra/stripe-sandbox/stripe-error";
import type { Scheduler, Task } from "./scheduler";

/**
 * What happens to a request of payments. `lost`: it is executed, but the response is lost. `cut`: it does not arrive.
 * `refused`: 429. `failed`: 500, without or after execution. `lateBySeconds`: it is executed that much later, and its
 * idempotency key, if it has one, is in use until then. Of captures only, `refused for good`: a final error, which leaves
 * the hold; `processing`: it takes 10 s, and `processing fails` after them.
 */
export type GatewayOutcome =
  | "answered"
  | "lost"
  | "cut"
  | "refused"
  | "failed"
  | "failed after work"
  | { lateBySeconds: number }
  | CaptureOutcome;

export const captureOutcomes = ["refused for good", "processing", "processing fails"] as const;
type CaptureOutcome = (typeof captureOutcomes)[number];
const isOfCaptures = (outcome: GatewayOutcome): boolean => captureOutcomes.some((each) => each === outcome);

export const operations = [
  "charge",
  "refund",
  "payment-method",
  "intent",
  "confirm",
  "capture",
  "cancel",
  "read",
] as const;
export type Operation = (typeof operations)[number];

interface Call {
  caller: Task;
  operation: Operation | undefined;
  idempotencyKey: string | undefined;
  response: ServerResponse;
  timeoutAt: number;
  outcome: GatewayOutcome | undefined;
}

const keyInUse = JSON.stringify({ error: { type: "idempotency_error", code: "idempotency_key_in_use" } });

const operationsByRoute: Record<string, Operation> = {
  "POST /v1/charges": "charge",
  "POST /v1/refunds": "refund",
  "POST /v1/payment_methods": "payment-method",
  "POST /v1/payment_intents": "intent",
  "POST /v1/payment_intents/:id/confirm": "confirm",
  "POST /v1/payment_intents/:id/capture": "capture",
  "POST /v1/payment_intents/:id/cancel": "cancel",
  "GET /v1/payment_intents/:id": "read",
};

const processingMs = 10_000;

/** The payment sandbox behind an unreliable network: each request is a task of its own, so it may be executed late. */
export class Gateway {
  readonly sandbox = createSandbox({ now: () => this.scheduler.now });
  readonly calls = new Map<Task, Call>();
  /** What happened to requests in this run, such as `lost`. */
  readonly faults = new Set<string>();
  /** Outcomes of the next requests, whichever process sends them. */
  private readonly planned = new Map<Operation, GatewayOutcome[]>();
  private readonly keysInUse = new Set<string | undefined>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly timeoutMs: number,
    /** Forwards a request to the sandbox. */
    private readonly forward: (request: IncomingMessage, body: string) => Promise<Response>,
    private readonly onExecuted: () => void,
  ) {}

  async take(caller: Task, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url?.split("?")[0] ?? "";
    const intentId = /\/(pi_\w+)/.exec(path)?.[1];
    const route = `${request.method} ${intentId ? path.replace(intentId, ":id") : path}`;
    const operation = operationsByRoute[route];
    const timeoutAt = this.scheduler.now + this.timeoutMs;
    const idempotencyKey = request.headers["idempotency-key"]?.toString();
    const call: Call = { caller, operation, idempotencyKey, response, timeoutAt, outcome: undefined };
    const task = this.scheduler.start(
      "gateway",
      route,
      async () => {
        if (call.outcome === "cut") return { status: 502, body: "{}" };
        if (typeof call.outcome === "object") this.keysInUse.delete(idempotencyKey);
        if (idempotencyKey && this.keysInUse.has(idempotencyKey)) return { status: 409, body: keyInUse };
        this.addFault(call);
        const answer = await this.forward(request, body);
        if (call.outcome === "processing" || call.outcome === "processing fails")
          this.endProcessing(intentId ?? "", call.outcome);
        return { status: answer.status, body: await answer.text() };
      },
      {
        onEnd: (ended) => {
          this.onExecuted();
          if (!this.calls.delete(task) || ended.status === "rejected") return;
          if (call.outcome === "lost") this.respond(call, 502, "{}");
          else this.respond(call, ended.value.status, ended.value.body);
        },
      },
    );
    this.calls.set(task, call);
    if (operation) this.decide(task, this.planned.get(operation)?.shift());
    this.scheduler.block(caller, `calls ${route}`);
  }

  plan(operation: Operation, outcome: GatewayOutcome): void {
    this.planned.set(operation, [...(this.planned.get(operation) ?? []), outcome]);
  }

  /** As the browser would get it from Stripe. */
  newToken(number: string): string {
    const id = `tok_${this.sandbox.ledger.tokens.size}`;
    this.sandbox.ledger.write({ token: { id, number, used: false } });
    return id;
  }

  /** What the buyer, the bank or the dashboard does to an intent, if its status allows that. */
  happen(intentId: string, event: string): void {
    this.changeIfAllowed((ledger, now) => applyIntentEvent(ledger, intentId, { event }, now));
  }

  /** The buyer's browser may confirm a declined intent again, with another card. */
  confirmInBrowser(intentId: string, cardNumber: string): void {
    this.changeIfAllowed((ledger, now) => confirmInBrowser(ledger, intentId, cardNumber, now));
  }

  private changeIfAllowed(change: (ledger: Ledger, nowSeconds: number) => void): void {
    try {
      change(this.sandbox.ledger, Math.floor(this.scheduler.now / 1000));
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
    }
    this.onExecuted();
  }

  /** Someone cancels all holds in the dashboard. */
  cancelHolds(): void {
    for (const { id, status } of this.sandbox.ledger.intents.values())
      if (status === "requires_capture") this.happen(id, "lapse");
  }

  private endProcessing(intentId: string, outcome: GatewayOutcome): void {
    const event = outcome === "processing" ? "end-processing" : "fail-processing";
    const wait = () => this.scheduler.park("processing", processingMs);
    this.scheduler.start("gateway", event, wait, { onEnd: () => this.happen(intentId, event) });
  }

  /** Decides the outcome of a pending request, once. */
  decide(task: Task, outcome: GatewayOutcome | undefined): void {
    const call = this.calls.get(task);
    if (!call?.operation || call.outcome) return;
    if (outcome && isOfCaptures(outcome) && call.operation !== "capture") return;
    call.outcome = outcome;
    if (outcome && outcome !== "answered")
      this.faults.add(`${call.operation}: ${typeof outcome === "object" ? "late" : outcome}`);
    if (typeof outcome !== "object") return;
    if (call.idempotencyKey) this.keysInUse.add(call.idempotencyKey);
    task.wakeAt = this.scheduler.now + outcome.lateBySeconds * 1000;
  }

  /** The next step executes this request, so no other request consumes the fault. */
  private addFault({ operation, outcome }: Call): void {
    const fault = { kind: "fail", operation };
    if (outcome === "refused for good") this.sandbox.faults.add({ kind: "refuse", operation });
    if (outcome === "processing" || outcome === "processing fails")
      this.sandbox.faults.add({ kind: "processing", operation });
    if (outcome === "failed") this.sandbox.faults.add(fault);
    if (outcome === "failed after work") this.sandbox.faults.add({ ...fault, afterWork: true });
    if (outcome === "refused") this.sandbox.faults.add({ ...fault, status: 429, beforeWork: true });
  }

  /** When the next caller times out. */
  nextTimeout(): number {
    return Math.min(...[...this.calls.values()].map(({ timeoutAt }) => timeoutAt));
  }

  /** Calls whose callers have waited for longer than their timeout. */
  timedOut(): Task[] {
    return [...this.calls]
      .filter(([, { timeoutAt }]) => timeoutAt <= this.scheduler.now)
      .map(([task]) => task);
  }

  /** The caller gets no response; the request may still be executed. */
  timeOut(task: Task): void {
    const call = this.calls.get(task);
    this.calls.delete(task);
    if (call) this.respond(call, 504, "{}");
  }

  /** At the end of a run: closes the connections of killed callers. */
  closeAll(): void {
    for (const { response } of this.calls.values()) response.writeHead(504).end("{}");
  }

  private respond({ caller, response }: Call, status: number, body: string): void {
    caller.isBlocked = false;
    caller.point = `receives ${status}`;
    caller.resume = () => response.writeHead(status, { "content-type": "application/json" }).end(body);
  }
}
