jest.setTimeout(120_000); // people, reservations and restarts take their time

// For services that run in the process of a test; those of the stack have their own, in run-stack.ts.
Object.assign(process.env, {
  EXPIRATION_SECONDS: "1",
  JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
  LOG_LEVEL: "silent",
  MAX_EDITS_PER_HOUR: "100000",
  MAX_LISTINGS: "100000",
  MAX_LISTINGS_PER_DAY: "1000000",
  MAX_RESERVATIONS: "100000",
  MAX_RESERVATIONS_PER_NETWORK: "100000",
  MAX_UNPAID_PER_HOUR: "100000",
  MAX_UNPAID_PER_NETWORK_PER_HOUR: "100000",
  PUBLIC_URL: "http://localhost:3000",
});
