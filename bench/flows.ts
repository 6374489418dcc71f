import { restartWith, serviceProcesses } from "../e2e/stack";

// How payments are begun: the setting PAYMENT_FLOW. Both flows are measured in one run, on the same machine and data.

export type Flow = "charges" | "intents";

/** In turn, so that what changes during the run affects both alike. The last one is the default. */
export const turns: Flow[] = ["intents", "charges", "charges", "intents"];

/** Restarts every process of payments with this flow. */
export async function useFlow(flow: Flow): Promise<void> {
  const names = serviceProcesses().map(({ name }) => name);
  const payments = names.filter((name) => name.startsWith("payments-"));
  await Promise.all(payments.map((name) => restartWith(name, { PAYMENT_FLOW: flow })));
}
