import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { needs?: string | string[]; "timeout-minutes"?: number }>;
}

const github = join(__dirname, "../../.github");
const read = (path: string) => readFileSync(join(github, path), "utf8");
const workflows = readdirSync(join(github, "workflows")).map((name) => `workflows/${name}`);

it.each([...workflows, "actions/skaffold/action.yml"])("uses in %s no action that can be moved", (path) => {
  const uses = read(path).match(/\buses: .*/g) ?? [];
  const pinned = /^uses: (\.\/|[\w./-]+@[\da-f]{40} # v\d+\.\d+\.\d+$)/;
  expect(uses.filter((line) => !pinned.test(line))).toEqual([]);
});

it.each(workflows)("lets nothing in %s write to the repository, run for hours, or see a secret", (path) => {
  const { permissions, jobs }: Workflow = parse(read(path));
  expect(permissions).toEqual({ contents: "read" });
  const endless = Object.entries(jobs).filter(([, job]) => job["timeout-minutes"] === undefined);
  expect(endless.map(([name]) => name)).toEqual([]);
  expect(read(path)).not.toMatch(/{{[^}]*secrets\b|contents: write/);
});

it("waits at the gate for every other job", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const others = Object.keys(jobs).filter((name) => name !== "gate");
  expect(jobs.gate?.needs).toEqual(others);
});
