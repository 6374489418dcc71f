/** What is explored: how many orders and payments there are, and what may go wrong. */
export interface World {
  title: string;
  /** Successive orders of one ticket. */
  orders: number;
  /** The payments that may be made; each is for one order, and begun with charges or with PaymentIntents. */
  payments: { order: number; flow: "charges" | "intents" }[];
  /** Decisions of a service that are computed but not saved yet, at most so many at a time. */
  maxDecisions: number;
  /** For each payment, creates that Stripe responds with a stored 5xx. */
  maxStoredErrors: number;
  /** Crashes and losses in one history; unlimited by default, which is usually the smaller state space. */
  maxFaults?: number;
  /** A capture may stay `processing` and then succeed or fail. */
  canProcess: boolean;
  /** A capture may fail for good, and an authorization may lapse. */
  canFail: boolean;
  /** orders follows payments by a sweep too; without it only when an event is delivered. */
  sweeps: boolean;
  /** Leaves out what cannot have an effect any more, which makes equal situations one state. */
  reduced: boolean;
}

const oneTab: World = {
  title: "one tab",
  orders: 1,
  payments: [{ order: 0, flow: "intents" }],
  maxDecisions: 2,
  maxStoredErrors: 1,
  canProcess: true,
  canFail: true,
  sweeps: true,
  reduced: true,
};

/** Without `processing`, which `oneTab` explores. */
const captureAtOnce: World = { ...oneTab, canProcess: false };

const twoTabs: World = {
  ...captureAtOnce,
  title: "two tabs",
  payments: [
    { order: 0, flow: "intents" },
    { order: 0, flow: "intents" },
  ],
  maxDecisions: 1,
  maxStoredErrors: 0,
};

export const worlds = {
  oneTab,
  /** Shows that the reduction hides nothing: the same rules with every message kept. */
  unreduced: { ...captureAtOnce, title: "one tab, unreduced", maxStoredErrors: 0, reduced: false },
  deliveriesOnly: { ...captureAtOnce, title: "one tab, orders without a sweep", sweeps: false },
  chargesFirst: {
    ...twoTabs,
    title: "a charge, then an intent",
    payments: [
      { order: 0, flow: "charges" },
      { order: 0, flow: "intents" },
    ],
    maxDecisions: 2,
  },
  intentFirst: {
    ...twoTabs,
    title: "an intent, then a charge",
    payments: [
      { order: 0, flow: "intents" },
      { order: 0, flow: "charges" },
    ],
    maxDecisions: 2,
  },
  twoTabsCalm: { ...twoTabs, title: "two tabs, no capture fails", canFail: false },
  twoTabsNoFaults: { ...twoTabs, title: "two tabs, nothing crashes or is lost", maxFaults: 0 },
  twoTabs,
  twoTabsDeliveriesOnly: { ...twoTabs, title: "two tabs, orders without a sweep", sweeps: false },
  twoBuyers: {
    ...twoTabs,
    title: "two successive buyers",
    orders: 2,
    payments: [
      { order: 0, flow: "intents" },
      { order: 1, flow: "intents" },
    ],
  },
} satisfies Record<string, World>;

export type WorldName = keyof typeof worlds;
