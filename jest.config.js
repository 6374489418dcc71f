const { workspaces } = require("./package.json");

const shared = {
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  testEnvironmentOptions: { customExportConditions: ["@eventhive/source", "node", "require", "default"] },
  testPathIgnorePatterns: ["/node_modules/", "/dist/", "/client/.next/"],
  modulePathIgnorePatterns: ["/dist/", "/client/.next/"],
};

const stackSetup = [
  "<rootDir>/infra/jest/quiet.ts",
  "<rootDir>/e2e/settings.ts",
  "<rootDir>/e2e/use-shared-stack.ts",
];

/** Test files that start a stack of their own: run apart, so that no shared stack takes processor time beside it. */
const ownStack = ["first-service", "migration", "payment-rollout", "restore", "runner", "wiped-broker"].map(
  (name) => `<rootDir>/e2e/${name}.test.ts`,
);

const withServers = (displayName, folders) => ({
  ...shared,
  displayName,
  globalSetup: "<rootDir>/infra/jest/start-servers.ts",
  globalTeardown: "<rootDir>/infra/jest/stop-servers.ts",
  setupFilesAfterEnv: ["<rootDir>/infra/jest/quiet.ts", "<rootDir>/infra/jest/check-responses.ts"],
  roots: folders.map((folder) => `<rootDir>/${folder}`),
});

/** @type {import("jest").Config} */
module.exports = {
  projects: [
    withServers("services", workspaces),
    withServers("infra", ["infra", "mutants", "spec"]),
    {
      ...shared,
      displayName: "e2e",
      globalSetup: "<rootDir>/e2e/start-stack.ts",
      globalTeardown: "<rootDir>/e2e/stop-stack.ts",
      setupFilesAfterEnv: stackSetup,
      roots: ["<rootDir>/e2e"],
      testPathIgnorePatterns: [
        ...shared.testPathIgnorePatterns,
        "<rootDir>/e2e/browser/",
        "<rootDir>/e2e/cluster/",
        ...ownStack,
        ...(process.env.BROKER === "jetstream" ? [] : ["python-consumer"]), // no client of NATS Streaming in Python
      ],
    },
    {
      ...shared,
      displayName: "own-stack",
      setupFilesAfterEnv: ["<rootDir>/infra/jest/quiet.ts", "<rootDir>/e2e/settings.ts"],
      roots: ["<rootDir>/e2e"],
      testMatch: ownStack,
      testPathIgnorePatterns: [
        ...(process.env.MIGRATION ? [] : ["<rootDir>/e2e/migration"]), // takes minutes
        ...(process.env.ROLLOUT ? [] : ["<rootDir>/e2e/payment-rollout"]), // so does this
      ],
    },
    {
      ...shared,
      displayName: "browser",
      globalSetup: "<rootDir>/e2e/browser/start.ts",
      globalTeardown: "<rootDir>/e2e/stop-stack.ts",
      setupFilesAfterEnv: stackSetup,
      roots: ["<rootDir>/e2e/browser"],
    },
    {
      ...shared,
      displayName: "cluster",
      globalSetup: "<rootDir>/e2e/cluster/start.ts",
      globalTeardown: "<rootDir>/e2e/stop-stack.ts",
      setupFilesAfterEnv: stackSetup,
      roots: ["<rootDir>/e2e"],
      testMatch: process.env.HIGH_AVAILABILITY
        ? ["<rootDir>/e2e/cluster/failover.test.ts"]
        : ["<rootDir>/e2e/cluster/*.test.ts", "<rootDir>/e2e/races.test.ts"],
      testPathIgnorePatterns: [
        ...(process.env.HIGH_AVAILABILITY ? [] : ["cluster/failover"]), // needs three members of each store
        ...(process.env.AUTOSCALING ? [] : ["autoscaling"]), // needs a metrics-server
        ...(process.env.ALERTS ? [] : ["cluster/alerts"]), // takes minutes
        ...(process.env.LOST_BROKER ? [] : ["cluster/lost-broker"]), // later tests lack the log
      ],
    },
  ],
};
