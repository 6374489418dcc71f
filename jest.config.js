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
      globalSetup: "<rootDir>/jest.setup.ts",
      globalTeardown: "<rootDir>/jest.teardown.ts",
      setupFilesAfterEnv: ["<rootDir>/jest.quiet.ts"],
      roots: ["common", "auth", "tickets", "orders", "payments", "expiration", "infra"].map(
        (folder) => `<rootDir>/${folder}`,
      ),
    },
    { ...shared, displayName: "e2e", roots: ["<rootDir>/e2e"] },
  ],
};
