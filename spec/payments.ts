import type { AnyPaymentState } from "@eventhive/common";
import { isLive, isOver } from "./orders";
import {
  type Answer,
  type IntentStatus,
  type Operation,
  type PaymentDecision,
  type PaymentDocument,
  type State,
  answer,
  at,
  insert,
  paymentDecision,
  paymentEvent,
  remove,
  request,
} from "./state";
import type { Steps } from "./step";

/** payments: what follows from its documents and its replica of orders, and from Stripe's answers. */
export function addPaymentSteps(steps: Steps): void {
  const { state } = steps;
  for (const [payment, document] of state.payments.entries()) {
    if (document.state === "none") addBeginning(steps, payment);
    else addWork(steps, payment, document);
  }
  for (const decision of state.paymentDecisions) addSaving(steps, decision);
  for (const received of state.answers) addHearing(steps, received);
}

/** A tab posts its token. The unique index `pays` admits one payment of an order that has not failed. */
function addBeginning(steps: Steps, payment: number): void {
  const { mutant, state, world } = steps;
  const { order, flow } = at(world.payments, payment);
  const isTaken = state.payments.some(
    (other, index) =>
      at(world.payments, index).order === order && other.state !== "none" && other.state !== "failed",
  );
  if (!isLive(at(state.orderReplicas, order).status)) return;
  if (isTaken && mutant !== "noUniqueIndex") return;
  steps.may(`a tab posts payment ${payment}`, (next) =>
    save(steps, next, payment, flow === "charges" ? "charging" : "authorizing"),
  );
}

function addWork(steps: Steps, payment: number, document: PaymentDocument): void {
  const { mutant, state, world } = steps;
  const { order, flow } = at(world.payments, payment);
  const replica = at(state.orderReplicas, order);
  const isMine = replica.payment === payment;
  const isOrderOver = isOver(replica.status) && !(replica.status === "complete" && isMine);
  const { intent, version } = document;

  const decide = (to: AnyPaymentState, why: string, kind: "must" | "may" = "must") =>
    steps[kind](`payments decides: payment ${payment} ${to}, ${why}`, (next) => {
      if (next.paymentDecisions.length >= world.maxDecisions) return false;
      return insert(next.paymentDecisions, paymentDecision({ payment, version, to }));
    });

  const send = (operation: Operation, number: number, kind: "must" | "may" = "must") =>
    steps[kind](`payments sends ${operation} of payment ${payment}`, (next) => {
      if (next.answers.some((received) => received.payment === payment && received.operation === operation))
        return false;
      return insert(next.requests, request({ payment, operation, intent: number }));
    });

  switch (document.state) {
    case "charging":
      if (!isOrderOver) send("charge", 0);
      // The list is final only once no request can be under way.
      else if (!state.requests.some((sent) => sent.payment === payment))
        steps.must(`payments looks for the charge of payment ${payment}`, (next) => {
          const { status } = at(at(next.intents, payment), 0);
          const result = status === "succeeded" ? status : "requires_payment_method";
          insert(next.answers, answer({ payment, operation: "find", intent: 0, result }));
        });
      break;

    case "authorizing":
    case "challenged": {
      // Without a stored id no intent of this payment was ever confirmed.
      const end = intent === undefined ? "failed" : "voiding";
      if (isOrderOver) decide(end, "its order is over");
      else if (at(state.orders, order).overdue) decide(end, "its order is overdue by its own clock", "may");
      if (!isOrderOver)
        decide(mutant === "replaceUncancelled" ? "failed" : end, "another token replaces it", "may");
      if (document.state === "authorizing" && !isOrderOver) {
        if (intent !== undefined) send("confirm", intent);
        else send(mutant === "confirmOnCreate" ? "confirm" : "create", document.key);
      }
      break;
    }

    case "authorized": {
      const isGranted = replica.status === "awaiting:payment" && (isMine || mutant === "anonymousGrant");
      const isSold = replica.status === "complete" && isMine && mutant === "completeBeforeCapture";
      if (isGranted || isSold) decide("capturing", "its order was granted");
      if (mutant === "captureUngranted") decide("capturing", "without a grant");
      if (isOrderOver) decide(mutant === "noVoid" ? "failed" : "voiding", "its order is over");
      break;
    }

    case "capturing":
      if (intent === undefined) break;
      send("capture", intent, mutant === "noCaptureSweep" ? "may" : "must");
      // Sent before payments learns that the first one has failed permanently; it may succeed.
      if (
        state.answers.some((received) => received.payment === payment && received.result === "cannot-capture")
      )
        steps.may(`payments sends a second capture of payment ${payment}`, (next) =>
          insert(next.requests, request({ payment, operation: "capture", intent })),
        );
      break;

    case "voiding":
      if (intent !== undefined) send("cancel", intent);
      break;

    case "charged":
      if (replica.status === "complete") decide("settled", "its order is complete");
      if (flow === "charges" ? isOrderOver : replica.status === "cancelled")
        decide("refunding", "its order is over");
      break;

    case "refunding":
      steps.must(`Stripe refunds payment ${payment}`, (next) => {
        at(at(next.intents, payment), document.intent ?? 0).status = "refunded";
        save(steps, next, payment, "refunded");
      });
      break;

    case "none":
    case "settled":
    case "failed":
    case "refunded":
  }
  if (intent !== undefined) addRetrieval(steps, payment, document.state, intent);
}

/** The statuses in which a retrieve can find the intent of a payment in a state. */
const expectedStatuses: Partial<Record<AnyPaymentState | "none", IntentStatus[]>> = {
  authorizing: ["requires_capture", "requires_action", "canceled", "succeeded"],
  challenged: ["requires_capture", "requires_payment_method", "canceled", "succeeded"],
  authorized: ["canceled"],
  capturing: ["succeeded", "canceled"],
};

/** By a sweep, or because a webhook came: lost, repeated, reordered and forged ones can only cause a retrieval. */
function addRetrieval(steps: Steps, payment: number, state: PaymentDocument["state"], intent: number): void {
  const { status } = at(at(steps.state.intents, payment), intent);
  const seen = (expectedStatuses[state] ?? []).find((expected) => expected === status);
  const receive = (next: State, result: IntentStatus) =>
    insert(next.answers, answer({ payment, operation: "retrieve", intent, result }));
  if (seen) steps.must(`payments retrieves payment ${payment}: ${seen}`, (next) => receive(next, seen));
  if (steps.mutant === "believeWebhooks")
    for (const told of ["requires_capture", "succeeded"] as const)
      steps.may(`a webhook says that payment ${payment} is ${told}`, (next) => receive(next, told));
}

function addSaving(steps: Steps, decision: PaymentDecision): void {
  const { payment, to } = decision;
  steps.must(`payments saves: payment ${payment} ${to}`, (next) => {
    remove(next.paymentDecisions, decision);
    const isCurrent = at(next.payments, payment).version === decision.version;
    if (isCurrent || steps.mutant === "savePaymentUnconditionally") save(steps, next, payment, to);
  });
  steps.fault(`payments crashes before it saves payment ${payment} ${to}`, (next) =>
    remove(next.paymentDecisions, decision),
  );
}

/** The state in which payments sends a request to which Stripe may respond with a decline. */
const askedIn: Partial<Record<Answer["operation"], AnyPaymentState[]>> = {
  confirm: ["authorizing"],
  retrieve: ["challenged"],
  capture: ["capturing"],
};

/** Loads the document afresh, and moves it only from the states that the answer was meant for. */
function addHearing(steps: Steps, received: Answer): void {
  const { mutant } = steps;
  const { payment, operation, intent, result } = received;
  const move = (next: State, from: AnyPaymentState[], to: AnyPaymentState) => {
    const { state } = at(next.payments, payment);
    if (from.some((expected) => expected === state)) save(steps, next, payment, to);
  };

  steps.must(`payments learns the outcome of payment ${payment}: ${operation} ${result}`, (next) => {
    remove(next.answers, received);
    const document = at(next.payments, payment);
    if (operation === "charge" || operation === "find")
      return move(next, ["charging"], result === "succeeded" ? "charged" : "failed");
    const isUnknown = document.state === "authorizing" && document.intent === undefined;
    if (isUnknown && (result === "created" || (mutant === "confirmOnCreate" && result !== "stored-error")))
      storeIntent(next, payment, intent);
    switch (result) {
      case "stored-error":
        if (isUnknown && document.key === intent && mutant !== "sameKey") takeNextKey(next, payment);
        break;
      case "requires_action":
        // While capturing: a capture that was processing has failed, and the browser has confirmed again. The buyer may
        // never pass 3-D Secure, but the order would wait for it.
        if (operation !== "capture") move(next, ["authorizing"], "challenged");
        else if (mutant !== "captureAwaits3DSecure") move(next, ["capturing"], "voiding");
        break;
      case "requires_capture":
        move(next, ["authorizing", "challenged"], "authorized");
        break;
      case "requires_payment_method":
        // While capturing: a capture that was processing has failed. An old decline says nothing about a payment that has
        // moved on: the browser may have confirmed again since.
        move(next, askedIn[operation] ?? [], mutant === "failUncancelled" ? "failed" : "voiding");
        break;
      case "cannot-capture":
        move(next, ["capturing"], mutant === "failOnCaptureError" ? "failed" : "voiding");
        break;
      case "succeeded":
        move(next, ["authorizing", "challenged", "capturing", "voiding"], "charged");
        break;
      case "canceled":
        move(next, ["authorizing", "challenged", "authorized", "capturing", "voiding"], "failed");
        break;
      case "none":
      case "created":
      case "processing":
      case "refunded":
      case "requires_confirmation":
    }
  });
  steps.fault(`an answer for payment ${payment} is lost: ${operation} ${result}`, (next) => {
    remove(next.answers, received);
    if (mutant === "failOnTimeout" && operation === "capture") move(next, ["capturing"], "failed");
  });
}

/** Only an intent whose id is stored is ever confirmed. */
function storeIntent(next: State, payment: number, intent: number): void {
  at(next.payments, payment).intent = intent;
  raiseVersion(next, payment);
}

/** Stripe repeats a stored 5xx for 24 hours. An intent that may exist under the old key is never confirmed. */
function takeNextKey(next: State, payment: number): void {
  at(next.payments, payment).key += 1;
  raiseVersion(next, payment);
}

function raiseVersion(next: State, payment: number): void {
  at(next.payments, payment).version += 1;
  next.paymentDecisions = next.paymentDecisions.filter((other) => other.payment !== payment);
}

function save({ mutant }: Steps, next: State, payment: number, to: AnyPaymentState): void {
  const document = at(next.payments, payment);
  document.state = to;
  document.version += 1;
  if (to === "authorized") document.announced = true;
  const isPublished =
    to === "authorized" ||
    to === "charged" ||
    (to === "failed" && document.announced && mutant !== "silentFailure");
  if (isPublished)
    insert(next.paymentEvents, paymentEvent({ paymentId: payment, state: to, version: document.version }));
  if (mutant !== "savePaymentUnconditionally")
    next.paymentDecisions = next.paymentDecisions.filter((other) => other.payment !== payment);
}
