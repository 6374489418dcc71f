import type { AnyPaymentState, OrderStatus } from "@eventhive/common";

/** As Stripe names them. */
export type IntentStatus =
  | "requires_payment_method"
  | "requires_confirmation"
  | "requires_action"
  | "processing"
  | "requires_capture"
  | "succeeded"
  | "canceled";

/** An order's document at orders. */
export interface OrderDocument {
  status: OrderStatus | "none";
  version: number;
  /** The payment it was granted to or paid by. */
  payment: number | undefined;
  /** Its time is over. */
  overdue: boolean;
}

/** A payment's document at payments. */
export interface PaymentDocument {
  state: AnyPaymentState | "none";
  version: number;
  /** The intent whose id is stored. */
  intent: number | undefined;
  /** Numbers the idempotency key of its create. The intent made under it has the same number. */
  key: number;
  /** `payment:authorized` was published. */
  announced: boolean;
}

/** An intent at Stripe, and the answer stored for the idempotency key of its create. */
export interface Intent {
  status: IntentStatus | "none" | "refunded";
  /** The browser holds its client secret, and with it can confirm it again. */
  isShared: boolean;
  createAnswer: "none" | "created" | "stored-error";
}

export interface OrderReplica {
  status: OrderDocument["status"];
  version: number;
  payment: number | undefined;
}

export interface PaymentReplica {
  state: PaymentDocument["state"];
  version: number;
}

/** A message or a decision in flight. Equal items are one object. */
export interface Item {
  readonly key: string;
}

export interface OrderEvent extends Item {
  readonly order: number;
  readonly status: OrderDocument["status"];
  readonly version: number;
  readonly payment: number | undefined;
}

export interface PaymentEvent extends Item {
  readonly paymentId: number;
  readonly state: PaymentDocument["state"];
  readonly version: number;
}

/** What a process of orders decided from the document it read; saved only if the document is still the same. */
export interface OrderDecision extends Item {
  readonly order: number;
  readonly version: number;
  readonly to: OrderStatus;
  readonly payment: number | undefined;
}

export interface PaymentDecision extends Item {
  readonly payment: number;
  readonly version: number;
  readonly to: AnyPaymentState;
}

export type Operation = "create" | "confirm" | "capture" | "cancel" | "charge";

export interface Request extends Item {
  readonly payment: number;
  readonly operation: Operation;
  readonly intent: number;
}

export type Result = Intent["status"] | "created" | "stored-error" | "cannot-capture";

export interface Answer extends Item {
  readonly payment: number;
  /** `retrieve` is by a sweep or after a webhook; `find` looks for a charge in Stripe's list. */
  readonly operation: Operation | "retrieve" | "find";
  readonly intent: number;
  readonly result: Result;
}

export interface State {
  orders: OrderDocument[];
  payments: PaymentDocument[];
  /** Of each payment, one for each idempotency key. */
  intents: Intent[][];
  /** payments' replica of orders. */
  orderReplicas: OrderReplica[];
  /** orders' replica of payments. */
  paymentReplicas: PaymentReplica[];
  /** Published, not delivered yet: in any order, after any time. */
  orderEvents: OrderEvent[];
  paymentEvents: PaymentEvent[];
  /** May be delivered again at any time. */
  delivered: (OrderEvent | PaymentEvent)[];
  orderDecisions: OrderDecision[];
  paymentDecisions: PaymentDecision[];
  requests: Request[];
  answers: Answer[];
  /** Orders whose event of a payment is not acknowledged yet. */
  unacknowledged: number[];
  faults: number;
}

export function initialState(orders: number, payments: number, keys: number): State {
  const list = <T>(length: number, item: (index: number) => T) =>
    Array.from({ length }, (_, index) => item(index));
  return {
    orders: list(orders, (index) => ({
      status: index === 0 ? "created" : "none",
      version: 0,
      payment: undefined,
      overdue: false,
    })),
    payments: list(payments, () => ({
      state: "none",
      version: 0,
      intent: undefined,
      key: 0,
      announced: false,
    })),
    intents: list(payments, () =>
      list(keys, () => ({ status: "none", isShared: false, createAnswer: "none" })),
    ),
    orderReplicas: list(orders, () => ({ status: "none", version: -1, payment: undefined })),
    paymentReplicas: list(payments, () => ({ state: "none", version: -1 })),
    orderEvents: [orderEvent({ order: 0, status: "created", version: 0, payment: undefined })],
    paymentEvents: [],
    delivered: [],
    orderDecisions: [],
    paymentDecisions: [],
    requests: [],
    answers: [],
    unacknowledged: [],
    faults: 0,
  };
}

export const copyOf = (state: State): State => ({
  orders: state.orders.map((order) => ({ ...order })),
  payments: state.payments.map((payment) => ({ ...payment })),
  intents: state.intents.map((intents) => intents.map((intent) => ({ ...intent }))),
  orderReplicas: state.orderReplicas.map((replica) => ({ ...replica })),
  paymentReplicas: state.paymentReplicas.map((replica) => ({ ...replica })),
  orderEvents: [...state.orderEvents],
  paymentEvents: [...state.paymentEvents],
  delivered: [...state.delivered],
  orderDecisions: [...state.orderDecisions],
  paymentDecisions: [...state.paymentDecisions],
  requests: [...state.requests],
  answers: [...state.answers],
  unacknowledged: [...state.unacknowledged],
  faults: state.faults,
});

const items = new Map<string, Item>();

function itemOf<T extends object>(kind: string, fields: T): T & Item {
  const key = `${kind} ${Object.values(fields).join(" ")}`;
  let item = items.get(key);
  if (!item) items.set(key, (item = Object.freeze({ ...fields, key })));
  return item as T & Item; // made from the same fields
}

type Fields<T extends Item> = Omit<T, "key">;

export const orderEvent = ({ order, status, version, payment }: Fields<OrderEvent>): OrderEvent =>
  itemOf("order", { order, status, version, payment });
export const paymentEvent = ({ paymentId, state, version }: Fields<PaymentEvent>): PaymentEvent =>
  itemOf("payment", { paymentId, state, version });
export const orderDecision = ({ order, version, to, payment }: Fields<OrderDecision>): OrderDecision =>
  itemOf("save order", { order, version, to, payment });
export const paymentDecision = ({ payment, version, to }: Fields<PaymentDecision>): PaymentDecision =>
  itemOf("save payment", { payment, version, to });
export const request = ({ payment, operation, intent }: Fields<Request>): Request =>
  itemOf("request", { payment, operation, intent });
export const answer = ({ payment, operation, intent, result }: Fields<Answer>): Answer =>
  itemOf("answer", { payment, operation, intent, result });

/** @returns false when it is there already: the same message twice has no other effect than once, late */
export function insert<T extends Item>(list: T[], item: T): boolean {
  if (list.includes(item)) return false;
  const after = list.findIndex(({ key }) => key > item.key);
  list.splice(after === -1 ? list.length : after, 0, item);
  return true;
}

export function remove<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1);
}

export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`The model has no number ${index} of ${list.length}`);
  return item;
}

const numbers = new Map<string, number>();

/** A short number for each part that was ever seen, so that a million states fit into memory. */
function numberOf(part: string): number {
  let number = numbers.get(part);
  if (number === undefined) numbers.set(part, (number = numbers.size));
  return number;
}

const keysOf = (list: Item[]) => (list.length === 0 ? "" : numberOf(list.map(({ key }) => key).join()));

/** Equal for equal states only. */
export function keyOf(state: State): string {
  const orders = state.orders.map((o) => `${o.status} ${o.version} ${o.payment} ${o.overdue}`).join();
  const payments = state.payments
    .map((p) => `${p.state} ${p.version} ${p.intent} ${p.key} ${p.announced}`)
    .join();
  const intents = state.intents
    .flat()
    .map((i) => `${i.status} ${i.isShared} ${i.createAnswer}`)
    .join();
  const replicas = [
    state.orderReplicas.map((r) => `${r.status} ${r.version} ${r.payment}`).join(),
    state.paymentReplicas.map((r) => `${r.state} ${r.version}`).join(),
  ].join("|");
  return [
    numberOf(orders),
    numberOf(payments),
    numberOf(intents),
    numberOf(replicas),
    keysOf(state.orderEvents),
    keysOf(state.paymentEvents),
    keysOf(state.delivered),
    keysOf(state.orderDecisions),
    keysOf(state.paymentDecisions),
    keysOf(state.requests),
    keysOf(state.answers),
    state.unacknowledged.join("+"),
    state.faults,
  ].join();
}
