import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionalVariables, requireNamedOmissions } from "../../e2e/cluster/left-out";

/** Runs e2e.sh on an unsupported system: a fake `uname` is first on the PATH. */
function runElsewhere(env: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  try {
    writeFileSync(join(folder, "uname"), "#!/bin/sh\necho Elsewhere\n");
    chmodSync(join(folder, "uname"), 0o755);
    return spawnSync("bash", [join(__dirname, "e2e.sh")], {
      env: { HOME: folder, PATH: `${folder}:${process.env.PATH}`, ...env },
      encoding: "utf8",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("skips the tests if a prerequisite is missing, and prints the reason", () => {
  const { status, stdout } = runElsewhere({});
  expect(stdout).toMatch(/^\* SKIPPED: .*\n\* Reason: this is not Linux$/m);
  expect(status).toBe(0);
});

it("fails in CI instead, where a skip would go unnoticed", () => {
  const { status, stdout } = runElsewhere({ CI: "true" });
  expect(stdout).toMatch(/^\* FAILED, not SKIPPED: .*\n\* Reason: this is not Linux$/m);
  expect(status).toBe(1);
});

it("leaves tests out in CI only if they are named", () => {
  const everything = Object.fromEntries(optionalVariables.map((name) => [name, "yes"]));
  const withoutAlerts = { CI: "true", ...everything, ALERTS: undefined };
  expect(() => requireNamedOmissions({ CI: "true", ...everything })).not.toThrow();
  expect(() => requireNamedOmissions(withoutAlerts)).toThrow("set ALERTS, or name");
  expect(() => requireNamedOmissions({ ...withoutAlerts, E2E_WITHOUT: "AUTOSCALING" })).toThrow("set ALERTS");
  expect(() => requireNamedOmissions({ ...withoutAlerts, E2E_WITHOUT: "AUTOSCALING ALERTS" })).not.toThrow();
  expect(() => requireNamedOmissions({})).not.toThrow();
});
