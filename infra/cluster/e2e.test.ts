import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionalVariables, requireNamedOmissions } from "../../e2e/cluster/left-out";

/** Runs e2e.sh with programs of these names first on the PATH. Each is the body of a shell script. */
function runWith(programs: Record<string, string>, env: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  try {
    for (const [name, body] of Object.entries(programs))
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return spawnSync("bash", [join(__dirname, "e2e.sh")], {
      env: { HOME: folder, PATH: `${folder}:${process.env.PATH}`, ...env },
      encoding: "utf8",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const elsewhere = { uname: "echo Elsewhere" };
const withoutRegistry = {
  uname: "echo Linux",
  id: "echo 0",
  unshare: "exit 0",
  go: "echo go1.99",
  awk: "echo 64",
  "dpkg-query": "exit 1",
  "apt-get": "echo no registry >&2; exit 100",
};

describe.each([
  ["a prerequisite is missing", elsewhere, "this is not Linux"],
  ["an installation fails", withoutRegistry, "install packages failed: no registry"],
])("if %s", (_, programs, reason) => {
  it("skips the tests and prints the reason", () => {
    const { status, stdout } = runWith(programs, {});
    expect(stdout).toMatch(/^\* SKIPPED: /m);
    expect(stdout).toContain(`\n* Reason: ${reason}\n`);
    expect(status).toBe(0);
  });

  it("fails in CI, where a skip would go unnoticed", () => {
    const { status, stdout } = runWith(programs, { CI: "true" });
    expect(stdout).toMatch(/^\* FAILED, not SKIPPED: /m);
    expect(stdout).toContain(`\n* Reason: ${reason}\n`);
    expect(status).toBe(1);
  });
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
