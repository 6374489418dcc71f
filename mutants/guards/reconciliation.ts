import type { Mutant } from "../mutant";

const compare = "payments/src/compare.ts";
const late = "payments/src/late-charges.test.ts";

export const reconciliation: Mutant[] = [
  {
    guard: "late charges are looked for each hour, a day back",
    file: "payments/src/reconcile.ts",
    change: { "days: inDays(config.LATE_CHARGE_WINDOW)": "days: 0.25" },
    red: { [late]: ["refunds a charge that appears a day after it was made"] },
  },
  {
    guard: "a charge of a failed payment is refunded, however young",
    file: compare,
    change: { ' || payment?.state === "failed") await': ") await" },
    red: { [late]: ["refunds a charge that was made a moment ago"] },
  },
  {
    guard: "reconcile ignores payments that have not ended",
    file: compare,
    change: {
      '? payment.state === "failed"': '? payment.state !== "settled"',
      'if (state === "failed") return': 'if (state !== "settled") return',
    },
    red: {
      "payments/src/reconcile.test.ts": ["never touches a charge whose payment has not ended"],
    },
  },
  {
    guard: "reconcile: one process at a time",
    file: "payments/src/models/reconciliation.ts",
    change: { "nextDueAt: due, claimedUntil: due }": "nextDueAt: due }" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due is continued by another process after a crash",
      ],
    },
  },
  {
    guard: "reconcile: a claim that was lost stores nothing",
    file: "payments/src/models/reconciliation.ts",
    change: {
      "Reconciliation.updateOne({ _id, claim }, update)": "Reconciliation.updateOne({ _id }, update)",
    },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due is not set back by a process that took too long over a page",
      ],
    },
  },
  {
    guard: "reconcile: a slow page keeps its claim",
    file: "payments/src/reconcile.ts",
    change: { ", onItem: () => renew(claimed)": "" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due keeps its claim of a page, however slow the look-ups are",
      ],
    },
  },
  {
    guard: "reconcile: resumes at its position",
    file: "payments/src/reconcile.ts",
    change: { "claimed.progress ?? beginning(schedule)": "beginning(schedule)" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due resumes after a rejection at the rejected page, after a pause",
      ],
    },
  },
  {
    guard: "reconcile: a step that keeps failing does not block the others",
    file: "payments/src/reconcile.ts",
    change: { "maxPageAttempts = 6": "maxPageAttempts = Infinity" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due compares everything else, again and again, while the API key may not read disputes, and is overdue",
        "the comparison that is due still refunds a late charge while the API key may not read disputes",
      ],
    },
  },
  {
    guard: "reconcile: an incomplete comparison remains due",
    file: "payments/src/reconcile.ts",
    change: { "if (progress.isIncomplete) await": "if (progress.startedAt < progress.from) await" },
    red: {
      "payments/src/reconcile.due.test.ts": [
        "the comparison that is due compares everything else, again and again, while the API key may not read disputes, and is overdue",
      ],
    },
  },
  {
    guard: "reconcile: run by hand, a step that fails does not block the others",
    file: "payments/src/reconcile.ts",
    change: { "      failures.push(error);\n": "      throw error;\n" },
    red: {
      "payments/src/reconcile.test.ts": [
        "run by hand, compares everything else when Stripe refuses a list, and reports that it is incomplete",
      ],
    },
  },
  {
    guard: "reconcile: what a list does not show is looked up",
    file: compare,
    change: {
      "const charge = await gateway().retrieve(stripeId);":
        "const charge = undefined as GatewayCharge | undefined;",
    },
    red: {
      "payments/src/reconcile.test.ts": ["looks up charges that no list showed, because that proves nothing"],
    },
  },
  {
    guard: "reconcile: differences are counted for an alert",
    file: compare,
    change: { "if (difference) foundDifferences.inc({ difference });": "" },
    red: {
      "payments/src/reconcile.test.ts": [
        "reports amounts, charges and refunds that differ from the payment",
        "a hold is released when its payment has failed or does not exist",
      ],
    },
  },
  {
    guard: "reconcile: partial refunds are seen",
    file: compare,
    change: { 'if (amountRefunded > 0 && state !== "refunding")': "if (amountRefunded < 0)" },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is reported when it refunded part of the price",
      ],
    },
  },
  {
    guard: "reconcile: disputes are listed by their own date",
    file: "payments/src/models/reconciliation.ts",
    change: { '"refunds", "disputes", "payments"]': '"refunds", "payments"]' },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is reported when the cardholder disputed a charge that is older than what is compared",
      ],
    },
  },
  {
    guard: "reconcile: a refund by hand is stored for the buyer",
    file: compare,
    change: { "    await storeRefundByHand(payment, charge);\n": "" },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is reported when it refunded part of the price",
      ],
    },
  },
  {
    guard: "reconcile: a refund of a second charge is not shown as one of the payment",
    file: compare,
    change: { "payment.stripeId === stripeId && charge.amountRefunded > 0": "charge.amountRefunded > 0" },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is not shown to the buyer when it is of a second charge",
      ],
    },
  },
  {
    guard: "reconcile: a dispute of a second charge is reported",
    file: compare,
    change: {
      "      await compareDisputedCharge(stripeId, options);\n": "      void compareDisputedCharge;\n",
    },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is reported when the cardholder disputed a second, old charge of a payment",
      ],
    },
  },
  {
    guard: "reconcile: a dispute of another system's charge is ignored",
    file: compare,
    change: { "if (!paymentId) return;": "" },
    red: {
      "payments/src/reconcile.test.ts": [
        "what was done in Stripe's dashboard is ignored when the disputed charge names no payment",
      ],
    },
  },
  {
    guard: "reconcile: a hold is released once its intent is canceled",
    file: compare,
    change: { 'result.outcome === "known" && result.intent.status === "canceled"': "true" },
    red: {
      "payments/src/reconcile.test.ts": [
        "a hold is reported as still held when Stripe does not release it, and released by the next comparison",
      ],
    },
  },
  {
    guard: "reconcile: a hold of a payment that has not ended is not released",
    file: compare,
    change: { " || (state && !hasEnded(state))": "" },
    red: { "payments/src/reconcile.test.ts": ["a hold is left alone while its payment has not ended"] },
  },
];
