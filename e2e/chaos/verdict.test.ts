import { Monitor } from "./monitor";
import { ResponseLog } from "./response-log";
import { type Findings, verdictOn } from "./verdict";

const verdictWith = (findings: Partial<Findings>) =>
  verdictOn({
    isQuiet: true,
    quietAfterSeconds: 1,
    snapshot: {
      tickets: [],
      orders: [],
      replicas: { ticketsInOrders: [], ordersInTickets: [] },
    },
    deadLetters: 0,
    redeliveries: 0,
    restarts: 0,
    plan: [],
    injected: [],
    monitor: Object.assign(new Monitor(), { polls: 1 }),
    changes: [],
    inLedger: [],
    log: new ResponseLog(),
    lostWrites: [],
    ...findings,
  });

it("fails on a change that the model does not allow, and only then", () => {
  const change = { kind: "payment", id: "p1", from: "authorized", to: "capturing", isDirect: true } as const;
  expect(verdictWith({ changes: [change] }).passed).toBe(true);
  const { text, passed } = verdictWith({ changes: [{ ...change, from: "capturing", to: "authorized" }] });
  expect(passed).toBe(false);
  expect(text).toMatch(/^model FAILED .*\n *model: payment capturing -> authorized is not allowed, of p1$/m);
});

it("fails on a slow response while MongoDB is frozen, unless a service or Stripe is frozen too", () => {
  const frozen = (victim: string) => ({ kind: "SIGSTOP for 20 s", victim, from: 0, until: 20_000 });
  const passesWith = (victims: string[], seconds: number, isPayment = false) => {
    const log = new ResponseLog();
    log.waits.push({ from: 5_000, until: 5_000 + seconds * 1000, isPayment });
    return verdictWith({ log, injected: victims.map(frozen) }).passed;
  };
  expect(passesWith(["mongo"], 5)).toBe(true);
  expect(passesWith(["mongo"], 15)).toBe(false);
  expect(passesWith(["primary"], 15)).toBe(false);
  expect(passesWith(["mongo"], 15, true)).toBe(true);
  expect(passesWith(["mongo"], 25, true)).toBe(false);
  expect(passesWith(["mongo", "orders-1"], 15)).toBe(true);
  expect(passesWith(["mongo", "stripe"], 25, true)).toBe(true);
  expect(passesWith(["redis"], 15)).toBe(true);
  expect(verdictWith({ injected: [frozen("mongo")] }).passed).toBe(true);
});
