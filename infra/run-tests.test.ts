import { spawnSync } from "node:child_process";
import { root } from "./local/program";

it("runs every part although one fails, and ends with a summary of all", () => {
  const parameters = ["infra/bootstrap.mjs", "infra/run-tests.ts", "no-such-script", "env"];
  const { status, stdout } = spawnSync(process.execPath, parameters, { cwd: root, encoding: "utf8" });
  expect(stdout).toMatch(/Summary\n +no-such-script +FAILED after \d+ s\n +env +passed after \d+ s\n$/);
  expect(status).toBe(1);
}, 60_000);
