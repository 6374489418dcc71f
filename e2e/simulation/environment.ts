// Imported first: the services read their settings when they are imported or first used.
Object.assign(process.env, {
  EXPIRATION_SECONDS: "60",
  JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
  LOG_LEVEL: "silent",
  MAX_EDITS_PER_HOUR: "1000",
  MAX_EDITS_PER_NETWORK_PER_HOUR: "100000",
  MAX_LISTINGS: "1000",
  MAX_LISTINGS_PER_DAY: "1000",
  MAX_LISTINGS_PER_NETWORK_PER_DAY: "100000",
  MAX_OTHER_CARDS_PER_HOUR: "1000",
  MAX_OTHER_CARDS_PER_NETWORK_PER_HOUR: "1000",
  MAX_RESERVATIONS: "1000",
  MAX_RESERVATIONS_PER_NETWORK: "1000",
  MAX_UNPAID_PER_HOUR: "1000",
  MAX_UNPAID_PER_NETWORK_PER_HOUR: "1000",
  PASSWORD_COST: "2",
  PUBLIC_URL: "http://localhost:3000",
  REDIS_URL: "redis://nobody.invalid",
  STRIPE_KEY: "sk_test_simulation",
  STRIPE_TIMEOUT_SECONDS: "2",
  STRIPE_WEBHOOK_SECRET: "whsec_simulation",
  SWEEP_CONCURRENCY: "1", // a task of the scheduler has one operation at a time
});

/** How payments are begun in this process. To be called before the first payment. */
export function useFlow(flow: string): void {
  process.env.PAYMENT_FLOW = flow;
}
