import type { Change } from "../../spec/histories";
import { Monitor } from "./monitor";
import { ResponseLog } from "./response-log";
import { verdictOn } from "./verdict";

const verdictWith = (changes: Change[]) =>
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
    changes,
    inLedger: [],
    log: new ResponseLog(),
    lostWrites: [],
  });

it("fails on a change that the model does not allow, and only then", () => {
  const change = { kind: "payment", id: "p1", from: "authorized", to: "capturing", isDirect: true } as const;
  expect(verdictWith([change]).passed).toBe(true);
  const { text, passed } = verdictWith([{ ...change, from: "capturing", to: "authorized" }]);
  expect(passed).toBe(false);
  expect(text).toMatch(/^model FAILED .*\n *model: payment capturing -> authorized is not allowed, of p1$/m);
});
