import { spawnSync } from "node:child_process";
import { join } from "node:path";

it("opens when every job succeeded or was not needed", () => {
  const { status, stdout } = gate({ check: "success", image: "skipped" });
  expect(stdout).toBe("check: success\nimage: skipped\n");
  expect(status).toBe(0);
});

it.each(["failure", "cancelled", "something-new"])("stays shut when a job ended in %s", (result) => {
  expect(gate({ check: "success", image: result, cluster: "skipped" }).status).toBe(1);
});

it("stays shut when it is told of no job at all", () => {
  expect(gate({}).status).toBe(1);
});

function gate(results: Record<string, string>) {
  const needs = Object.entries(results).map(([job, result]) => [job, { result, outputs: {} }]);
  return spawnSync(process.execPath, [join(__dirname, "gate.mjs")], {
    env: { ...process.env, NEEDS: JSON.stringify(Object.fromEntries(needs)) },
    encoding: "utf8",
  });
}
