import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { readParameters } from "./parameters";

const maxHoldMs = 60_000;

const common = {
  operation: z.enum([
    "token",
    "charge",
    "refund",
    "read",
    "payment-method",
    "confirmation-token",
    "intent",
    "confirm",
    "capture",
    "cancel",
  ]),
  /** The number of requests that it affects. */
  times: z.int().positive().default(1),
};

const faultSchema = z.discriminatedUnion("kind", [
  /** Delays execution. The key is in use in the meantime. */
  z.strictObject({ kind: z.literal("delay"), ...common, milliseconds: z.int().positive() }),
  /**
   * Delays all requests until `DELETE /sandbox/faults`, but each for a minute at most: a client that times out sends
   * the next one, without a key for some operations. The key is in use in the meantime.
   */
  z.strictObject({ kind: z.literal("hold"), operation: common.operation }),
  /**
   * Responds with an error and does no work. Stripe keeps a 500 for its idempotency key and repeats it, unless the
   * request was rejected before the endpoint ran (`beforeWork`), as for 429. With `afterWork` the work is done
   * all the same.
   */
  z
    .strictObject({
      kind: z.literal("fail"),
      ...common,
      status: z.int().min(400).max(599).default(500),
      beforeWork: z.boolean().default(false),
      afterWork: z.boolean().default(false),
    })
    .refine(({ beforeWork, afterWork }) => !(beforeWork && afterWork), "Either beforeWork or afterWork"),
  /** Executes the request, then closes the connection instead of responding. With `beforeWork`, does not execute it. */
  z.strictObject({ kind: z.literal("lose"), ...common, beforeWork: z.boolean().default(false) }),
  /** Closes the connection at once, and executes the request later. The key is in use in the meantime. Not for reads. */
  z.strictObject({ kind: z.literal("late"), ...common, milliseconds: z.int().positive() }),
  /** Rejects a capture permanently. The hold stays until it is canceled or expires. */
  z.strictObject({ kind: z.literal("refuse"), ...common, operation: z.literal("capture") }),
  /** Leaves a capture `processing` until `POST /sandbox/intents/:id` ends it. */
  z.strictObject({ kind: z.literal("processing"), ...common, operation: z.literal("capture") }),
]);

export type SandboxFault = z.output<typeof faultSchema>;

/** The faults of the next requests. The oldest fault of an operation is applied first. */
export class Faults {
  #waiting: SandboxFault[] = [];
  readonly #held = new Set<{ operation: SandboxFault["operation"]; end: AbortController }>();

  /** @throws StripeError for an impossible fault: it would never occur, and a test would pass without testing it */
  add(fault: unknown): SandboxFault {
    const parsed = readParameters(faultSchema, fault);
    this.#waiting.push({ ...parsed });
    return parsed;
  }

  take(operation: SandboxFault["operation"]): SandboxFault | undefined {
    const fault = this.#waiting.find((waiting) => waiting.operation === operation);
    if (!fault || fault.kind === "hold") return fault;
    fault.times -= 1;
    if (fault.times === 0) this.#waiting = this.#waiting.filter((waiting) => waiting !== fault);
    return fault;
  }

  /** Ends all faults, or those of one operation: requests that are held go on. */
  clear(operation?: string): void {
    const isOther = (fault: { operation: string }) =>
      operation !== undefined && fault.operation !== operation;
    this.#waiting = this.#waiting.filter(isOther);
    for (const held of this.#held) if (!isOther(held)) held.end.abort();
  }

  /** Resolves after the delay of a fault that has one. */
  async delay(fault: SandboxFault | undefined): Promise<void> {
    if (fault?.kind === "delay") await wait(fault.milliseconds);
    if (fault?.kind !== "hold") return;
    const held = { operation: fault.operation, end: new AbortController() };
    this.#held.add(held);
    await wait(maxHoldMs, undefined, { signal: held.end.signal }).catch(() => undefined);
    this.#held.delete(held);
  }
}
