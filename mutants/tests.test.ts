import { type Report, isRed } from "./tests";

const file = "orders/src/expire-orders.test.ts";

/** A report of this file alone, with one test in it. */
const reportOf = (status: string, failureMessages: string[] = []): Report => ({
  testResults: [
    {
      name: `/copy/${file}`,
      message: "",
      assertionResults: [{ fullName: "promises", status, failureMessages }],
    },
  ],
});

it("treats a failed test as red and a passed one as green", () => {
  expect(isRed(reportOf("failed", ["Error: expect(received).toBe(expected)"]), file, "promises")).toBe(true);
  expect(isRed(reportOf("passed"), file, "promises")).toBe(false);
});

it("rejects a test that does not exist, was skipped, or is in another file", () => {
  expect(() => isRed(reportOf("failed"), file, "promise")).toThrow('"promise" did not run');
  expect(() => isRed(reportOf("pending"), file, "promises")).toThrow('"promises" did not run');
  expect(() => isRed(reportOf("failed"), "orders/src/other.test.ts", "promises")).toThrow("did not run");
});

it("reports why a file that failed to load ran no test", () => {
  const failedToLoad = {
    name: `/copy/${file}`,
    message: "Cannot find module './missing'",
    assertionResults: [],
  };
  expect(() => isRed({ testResults: [failedToLoad] }, file, "promises")).toThrow(
    "Cannot find module './missing'",
  );
});

it("reports a mutant that is not valid code as an error", () => {
  const report = reportOf("failed", ["ReferenceError: clok is not defined\n    at charge"]);
  expect(() => isRed(report, file, "promises")).toThrow("failed because the mutant is invalid");
});
