import { isLive, isOver } from "./orders";
import { type Intent, type State, at } from "./state";
import type { World } from "./world";

/** Names what is wrong in the first place where it is, if anywhere. `before` is the state that a step began in. */
type Invariant = (state: State, world: World, before?: State) => string | undefined;

const held: Intent["status"][] = ["requires_capture", "processing", "succeeded"];
/** A declined intent is none of these: the browser may confirm it again with another card. */
const uncapturable: Intent["status"][] = ["none", "requires_confirmation", "canceled"];
const uncharged: Intent["status"][] = ["none", "requires_payment_method"];

/** The statuses of all intents of a payment. */
const statusesOf = (state: State, payment: number) => at(state.intents, payment).map(({ status }) => status);
const isCaptured = (state: State, payment: number) => statusesOf(state, payment).includes("succeeded");

const paymentsOf = ({ payments }: World, order: number) =>
  payments.flatMap((made, payment) => (made.order === order ? [payment] : []));

const firstOrder = (state: State, isWrong: (order: number) => boolean) => {
  const index = state.orders.findIndex((_, order) => isWrong(order));
  return index === -1 ? undefined : `order ${index}`;
};
const firstPayment = (state: State, isWrong: (payment: number) => boolean) => {
  const index = state.payments.findIndex((_, payment) => isWrong(payment));
  return index === -1 ? undefined : `payment ${index}`;
};

/** At every instant. */
export const invariants = {
  "captured only for its order": (state, world) =>
    firstPayment(state, (payment) => {
      const { order: index, flow } = at(world.payments, payment);
      if (flow === "charges" || !isCaptured(state, payment)) return false;
      const order = at(state.orders, index);
      return !(
        (order.status === "awaiting:payment" || order.status === "complete") &&
        order.payment === payment
      );
    }),

  "complete only when captured": (state, world) =>
    firstOrder(
      state,
      (order) =>
        at(state.orders, order).status === "complete" &&
        !paymentsOf(world, order).some((payment) => isCaptured(state, payment)),
    ),

  "one hold or capture per order": (state, world) =>
    firstOrder(state, (order) => {
      const statuses = paymentsOf(world, order).flatMap((payment) => statusesOf(state, payment));
      return statuses.filter((status) => held.includes(status)).length > 1;
    }),

  "failed only when nothing can be captured": (state, world) =>
    firstPayment(state, (payment) => {
      const harmless = at(world.payments, payment).flow === "intents" ? uncapturable : uncharged;
      const isFailed = at(state.payments, payment).state === "failed";
      return isFailed && statusesOf(state, payment).some((status) => !harmless.includes(status));
    }),

  "charged only when captured": (state) =>
    firstPayment(state, (payment) => {
      const { state: of } = at(state.payments, payment);
      return (of === "charged" || of === "settled") && !isCaptured(state, payment);
    }),

  "no refund of an intent": (state, world) =>
    firstPayment(
      state,
      (payment) =>
        at(state.payments, payment).state === "refunding" && at(world.payments, payment).flow === "intents",
    ),

  "one live order per ticket": (state) =>
    state.orders.filter(({ status }) => isLive(status) || status === "complete").length > 1
      ? "the ticket"
      : undefined,

  "final order states": (state, _world, before) =>
    before &&
    firstOrder(state, (order) => {
      const { status } = at(before.orders, order);
      return isOver(status) && at(state.orders, order).status !== status;
    }),

  "final payment states": (state, _world, before) =>
    before &&
    firstPayment(state, (payment) => {
      const { state: of } = at(before.payments, payment);
      return ["failed", "settled", "refunded"].includes(of) && at(state.payments, payment).state !== of;
    }),
} satisfies Record<string, Invariant>;

/** Once nothing more has to happen. */
export const endConditions = {
  "nothing in flight": (state) => {
    const { orderEvents, paymentEvents, orderDecisions, paymentDecisions, requests, answers } = state;
    const items = [orderEvents, paymentEvents, orderDecisions, paymentDecisions, requests, answers].flat();
    return items[0]?.key ?? (state.unacknowledged.length > 0 ? "an acknowledgement" : undefined);
  },

  "no order stays live": (state) => firstOrder(state, (order) => isLive(at(state.orders, order).status)),

  "replicas are current": (state) =>
    firstOrder(state, (order) => {
      const { status, version } = at(state.orders, order);
      const replica = at(state.orderReplicas, order);
      return status !== "none" && (replica.version !== version || replica.status !== status);
    }),

  "paid exactly once, or not at all": (state, world) =>
    firstOrder(state, (order) => {
      const captured = paymentsOf(world, order).filter((payment) => isCaptured(state, payment)).length;
      return captured !== (at(state.orders, order).status === "complete" ? 1 : 0);
    }),

  "a complete order's payment is settled": (state) =>
    firstOrder(state, (order) => {
      const { status, payment } = at(state.orders, order);
      return (
        status === "complete" && (payment === undefined || at(state.payments, payment).state !== "settled")
      );
    }),

  "every payment ends": (state) =>
    firstPayment(
      state,
      (payment) => !["none", "failed", "settled", "refunded"].includes(at(state.payments, payment).state),
    ),

  "no hold remains": (state) =>
    firstPayment(state, (payment) =>
      statusesOf(state, payment).some(
        (status) => status === "requires_capture" || status === "requires_action",
      ),
    ),
} satisfies Record<string, Invariant>;

export type Condition = keyof typeof invariants | keyof typeof endConditions;

export type Conditions = Record<string, Invariant>;

export function violated(
  conditions: Conditions,
  state: State,
  world: World,
  before?: State,
): { condition: string; where: string } | undefined {
  for (const [condition, check] of Object.entries(conditions)) {
    const where = check(state, world, before);
    if (where) return { condition, where };
  }
  return undefined;
}
