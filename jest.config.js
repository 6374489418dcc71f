const shared = {
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  testEnvironmentOptions: { customExportConditions: ["@eventhive/source", "node", "require", "default"] },
  testPathIgnorePatterns: ["/node_modules/", "/dist/"],
  modulePathIgnorePatterns: ["/dist/"],
};

/** @type {import("jest").Config} */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: "services",
      globalSetup: "<rootDir>/infra/jest/start-servers.ts",
      globalTeardown: "<rootDir>/infra/jest/stop-servers.ts",
      setupFilesAfterEnv: ["<rootDir>/infra/jest/quiet.ts"],
      roots: ["common", "auth", "tickets", "orders", "payments", "expiration", "infra", "mutants"].map(
        (folder) => `<rootDir>/${folder}`,
      ),
    },
    {
      ...shared,
      displayName: "e2e",
      globalSetup: "<rootDir>/e2e/start-stack.ts",
      globalTeardown: "<rootDir>/e2e/stop-stack.ts",
      setupFilesAfterEnv: ["<rootDir>/infra/jest/quiet.ts", "<rootDir>/e2e/settings.ts"],
      roots: ["<rootDir>/e2e"],
    },
  ],
};
