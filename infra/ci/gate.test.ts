import { spawnSync } from "node:child_process";
import { join } from "node:path";

it("passes when every job succeeded or was skipped", () => {
  const { status, stdout } = gate({ check: "success", image: "skipped" });
  expect(stdout).toBe("check: success\nimage: skipped\n");
  expect(status).toBe(0);
});

it.each(["failure", "cancelled", "something-new"])("fails when a job ended with %s", (result) => {
  expect(gate({ check: "success", image: result, cluster: "skipped" }).status).toBe(1);
});

it("fails without any job", () => {
  expect(gate({}).status).toBe(1);
});

function gate(results: Record<string, string>) {
  const needs = Object.entries(results).map(([job, result]) => [job, { result, outputs: {} }]);
  return spawnSync(process.execPath, [join(__dirname, "gate.mjs")], {
    env: { ...process.env, NEEDS: JSON.stringify(Object.fromEntries(needs)) },
    encoding: "utf8",
  });
}
