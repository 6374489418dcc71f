import type { Condition } from "./invariants";
import type { Failure } from "./explore";
import type { WorldName } from "./world";

interface Planted {
  /** The protection that it removes. */
  why: string;
  world: WorldName;
  /** What has to notice it, without help from the other conditions. */
  violates: Condition | Failure;
}

/** Faults planted in the model, each in the smallest world in which it does harm. */
export const mutants = {
  noUniqueIndex: {
    why: "two payments of one order may be live",
    world: "twoTabs",
    violates: "one hold or capture per order",
  },
  failUncancelled: {
    why: "a declined payment fails although its intent is not canceled; the browser can confirm it again",
    world: "oneTab",
    violates: "failed only when nothing can be captured",
  },
  confirmOnCreate: {
    why: "the create also confirms, so a new key after a stored 5xx makes a second hold",
    world: "oneTab",
    violates: "one hold or capture per order",
  },
  sameKey: {
    why: "a create that got a stored 5xx is repeated under the same key forever",
    world: "oneTab",
    violates: "endless",
  },
  noVoid: {
    why: "an authorization that came too late fails without a void",
    world: "oneTab",
    violates: "failed only when nothing can be captured",
  },
  captureUngranted: {
    why: "payments captures without a grant",
    world: "oneTab",
    violates: "captured only for its order",
  },
  completeBeforeCapture: {
    why: "orders completes an order whose payment is authorized, and payments captures afterwards",
    world: "oneTab",
    violates: "complete only when captured",
  },
  anonymousGrant: {
    why: "a grant does not name its payment",
    world: "twoTabs",
    violates: "captured only for its order",
  },
  expireGranted: {
    why: "the expiry sweep of orders also cancels granted orders, as an older version does",
    world: "oneTab",
    violates: "captured only for its order",
  },
  cancelGranted: {
    why: "the buyer may cancel a granted order",
    world: "oneTab",
    violates: "captured only for its order",
  },
  failOnCaptureError: {
    why: "a final error of a capture fails the payment without a cancel; an earlier capture may still be in progress",
    world: "oneTab",
    violates: "failed only when nothing can be captured",
  },
  replaceUncancelled: {
    why: "another token takes the place of a payment whose intent is not canceled; a request may still confirm it",
    world: "oneTab",
    violates: "failed only when nothing can be captured",
  },
  failOnTimeout: {
    why: "a capture without a response counts as failed",
    world: "oneTab",
    violates: "failed only when nothing can be captured",
  },
  believeWebhooks: {
    why: "the payload of a webhook counts as the status of the intent",
    world: "oneTab",
    violates: "charged only when captured",
  },
  takeOlderPayments: {
    why: "orders' replica of payments takes older events",
    world: "unreduced",
    violates: "no order stays live",
  },
  takeOlderOrders: {
    why: "payments' replica of orders takes older events",
    world: "unreduced",
    violates: "replicas are current",
  },
  saveOrderUnconditionally: {
    why: "orders saves without comparing the version",
    world: "unreduced",
    violates: "final order states",
  },
  savePaymentUnconditionally: {
    why: "payments saves without comparing the version",
    world: "unreduced",
    violates: "final payment states",
  },
  noGrantEvent: {
    why: "a crash may lose the event of a grant: no outbox",
    world: "oneTab",
    violates: "no order stays live",
  },
  silentFailure: {
    why: "a payment that fails after it was authorized publishes nothing",
    world: "oneTab",
    violates: "no order stays live",
  },
  followOnce: {
    why: "orders follows a payment once per delivery instead of until nothing changes",
    world: "twoTabsDeliveriesOnly",
    violates: "no order stays live",
  },
  noCaptureSweep: {
    why: "a capture whose response was lost is not repeated",
    world: "oneTab",
    violates: "no order stays live",
  },
  captureAwaits3DSecure: {
    why: "a capture that failed after processing waits for the buyer to pass 3-D Secure, and so does its order",
    world: "oneTab",
    violates: "endless",
  },
} satisfies Record<string, Planted>;

export type Mutant = keyof typeof mutants;
