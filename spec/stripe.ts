import {
  type Intent,
  type Operation,
  type Request,
  type Result,
  type State,
  answer,
  at,
  insert,
  remove,
} from "./state";
import type { Steps } from "./step";

/** Stripe executes requests at any time, even when their sender has crashed; and what buyers do with an intent. */
export function addStripeSteps(steps: Steps): void {
  for (const sent of steps.state.requests) addExecution(steps, sent);
  for (const [payment, intents] of steps.state.intents.entries())
    for (const [number, intent] of intents.entries()) addIntentSteps(steps, payment, number, intent);
}

type Execute = (intent: Intent) => Result;
type Outcomes = Record<string, Execute>;

function addExecution(steps: Steps, sent: Request): void {
  const { payment, operation, intent: number } = sent;
  const intent = at(at(steps.state.intents, payment), number);
  if (intent.status === "processing") return; // refused meanwhile, and sent again
  for (const [outcome, execute] of Object.entries(outcomesOf(steps, sent, intent)))
    steps.must(`Stripe executes ${operation} of payment ${payment}: ${outcome}`, (next) => {
      remove(next.requests, sent);
      const result = execute(at(at(next.intents, payment), number));
      insert(next.answers, answer({ payment, operation, intent: number, result }));
    });
  steps.fault(`the request to ${operation} payment ${payment} is lost`, (next) =>
    remove(next.requests, sent),
  );
}

const tells: Execute = ({ status }) => status;

const becomes =
  (status: Intent["status"], changes: Partial<Intent> = {}): Execute =>
  (intent) => {
    Object.assign(intent, { status }, changes);
    return status;
  };

const storesError =
  (status: Intent["status"]): Execute =>
  (intent) => {
    Object.assign(intent, { status, createAnswer: "stored-error" });
    return "stored-error";
  };

const confirmations: Outcomes = {
  authorized: becomes("requires_capture"),
  declined: becomes("requires_payment_method"),
  "3-D Secure": becomes("requires_action", { isShared: true }),
};

function outcomesOf(steps: Steps, { operation, intent: key }: Request, intent: Intent): Outcomes {
  const { mutant, world } = steps;
  const { createAnswer, status } = intent;
  const mayStoreError = key < world.maxStoredErrors;
  const outcomes: Record<Operation, () => Outcomes> = {
    create: (): Outcomes => {
      if (createAnswer !== "none") return { "the stored answer": ({ createAnswer: stored }) => stored };
      const create: Execute = (created) => {
        Object.assign(created, { status: "requires_confirmation", createAnswer: "created" });
        return "created";
      };
      return {
        created: create,
        ...(mayStoreError && {
          "5xx before the work": storesError("none"),
          "5xx after the work": storesError("requires_confirmation"),
        }),
      };
    },
    confirm: (): Outcomes => {
      if (createAnswer === "stored-error" && mutant === "confirmOnCreate")
        return { "the stored answer": () => createAnswer };
      if (status === "requires_confirmation") return confirmations;
      if (status === "none" && mutant === "confirmOnCreate")
        return {
          ...confirmations,
          ...(mayStoreError && { "5xx after the work": storesError("requires_capture") }),
        };
      return { [status]: tells };
    },
    capture: (): Outcomes =>
      status !== "requires_capture"
        ? { [status]: tells }
        : {
            captured: becomes("succeeded"),
            ...(world.canFail && { "a final error": () => "cannot-capture" as const }),
            ...(world.canProcess && { processing: becomes("processing") }),
          },
    cancel: (): Outcomes =>
      status === "succeeded" ? { [status]: tells } : { canceled: becomes("canceled") },
    charge: (): Outcomes =>
      status === "none"
        ? { charged: becomes("succeeded"), declined: becomes("requires_payment_method") }
        : { [status]: tells },
  };
  return outcomes[operation]();
}

function addIntentSteps(steps: Steps, payment: number, number: number, intent: Intent): void {
  const { canFail } = steps.world;
  const { isShared, status } = intent;
  const change = (kind: "must" | "may", name: string, to: Intent["status"]) =>
    steps[kind](`${name} of payment ${payment}`, (next: State) => {
      at(at(next.intents, payment), number).status = to;
    });
  if (status === "processing") {
    change("must", "the capture succeeds after processing", "succeeded");
    change("must", "the capture fails after processing", "requires_payment_method");
  }
  if (status === "requires_action") {
    change("may", "the buyer passes 3-D Secure", "requires_capture");
    change("may", "the buyer fails 3-D Secure", "requires_payment_method");
  }
  if (status === "requires_payment_method" && isShared) {
    // Another decline changes nothing.
    change("may", "the browser confirms again with another card the intent", "requires_capture");
    change(
      "may",
      "the browser confirms again with a card that requires 3-D Secure the intent",
      "requires_action",
    );
  }
  if (status === "requires_capture" && canFail)
    change("may", "the authorization lapses or is canceled in the dashboard", "canceled");
}
