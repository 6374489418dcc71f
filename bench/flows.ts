import { eventually } from "../common/src/testing/eventually";
import { restartWith, stackFile } from "../e2e/stack";

// How payments are begun: the setting PAYMENT_FLOW. Both flows are measured in one run, on the same machine and data.

export type Flow = "charges" | "intents";

/** In turn, so that what changes during the run affects both alike. The last one is the default. */
export const turns: Flow[] = ["intents", "charges", "charges", "intents"];

/** Restarts every process of payments with this flow. */
export async function useFlow(flow: Flow): Promise<void> {
  const names = stackFile().processes.map(({ name }) => name);
  const payments = names.filter((name) => name.startsWith("payments-"));
  await Promise.all(payments.map((name) => restartWith(name, { PAYMENT_FLOW: flow })));
  // The gateway notices by its next probe that the only process is ready again.
  await eventually(async () => {
    const { status } = await fetch(`${stackFile().url}/api/payments/openapi.json`);
    if (status !== 200) throw new Error(`The gateway responded with ${status}`);
  });
}
