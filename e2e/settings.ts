jest.setTimeout(120_000); // people, reservations and restarts take their time

// For services that run in the process of a test; those of the stack have their own, in run-stack.ts.
Object.assign(process.env, {
  EXPIRATION_SECONDS: "1",
  JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
  LOG_LEVEL: "silent",
  MAX_RESERVATIONS: "100000",
  PUBLIC_URL: "http://localhost:3000",
});
