import "./environment"; // before the services, which the monitor imports
import { type Intent, Ledger } from "../../infra/stripe-sandbox/ledger";
import { Monitor } from "./monitor";

it("reports a change that the model does not allow", () => {
  const ledger = new Ledger(undefined, () => 0);
  const monitor = new Monitor(() => 0, 0);
  for (const status of ["requires_confirmation", "requires_capture", "requires_confirmation"]) {
    ledger.write({ intent: { id: "pi_1", status, metadata: {} } as unknown as Intent });
    monitor.checkMoney(ledger);
  }
  expect(monitor.violations).toEqual([
    "model: intent requires_capture -> requires_confirmation is not allowed, of pi_1",
  ]);
});
