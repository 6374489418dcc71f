// Chooses the checks that a change needs. Plain JavaScript, because it runs before any package is installed.
//   git diff --name-only BASE...HEAD | node infra/ci/changes.mjs >> "$GITHUB_OUTPUT"
import { readFileSync } from "node:fs";

const { workspaces } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const apps = workspaces.filter((name) => name !== "common");
const everyCheck = {
  components: ["common", ...apps, "infra", "mutants"],
  images: [...apps, "stripe-sandbox", "backup", "verify"],
  stack: true,
  cluster: true,
  charts: true,
};

/** The checks that a changed path needs. The first matching row counts; a path that matches no row needs all checks. */
const table = [
  // It names the charts and their versions, and tests on a cluster run its commands.
  [/^docs\/operating\.md$/, { components: ["infra"], charts: true, cluster: true }],
  [/^docs\/|\.md$/, { components: ["infra"] }], // its tests check links, decision records and the guide
  [/^LICENSE$|^\.github\/ISSUE_TEMPLATE\//, {}],
  ...apps.map((name) => [
    new RegExp(`^${name}/`),
    { components: [name, "infra"], images: [name], stack: true, cluster: true }, // infra's tests compare settings, metrics and manifests with the services
  ]),
  [/^infra\/(Dockerfile$|k8s\/)|^skaffold\.yaml$/, { ...everyCheck, components: ["infra"], stack: false }],
  [/^infra\/verify\//, { components: ["infra"], images: ["verify"], cluster: true }],
  [/^infra\/backup\//, { components: ["infra"], images: ["backup"], cluster: true }],
  [
    /^infra\/stripe-sandbox\//,
    { components: ["infra"], images: ["stripe-sandbox"], stack: true, cluster: true },
  ],
  [/^infra\/(local|jest)\//, { components: ["infra"], stack: true }],
  [/^infra\/cluster\//, { components: ["infra"] }], // for machines without kind; the pipeline uses kind
  [/^e2e\/cluster\//, { cluster: true }],
  [/^mutants\//, { components: ["mutants"] }],
  [/^spec\//, { components: ["mutants"], stack: true }], // mutants name those of the model
  [/^e2e\/([^/]+(?<!\.test)|races\.test)\.ts$/, { stack: true, cluster: true }], // tests on a cluster use them, too
  [/^(e2e|bench|examples)\//, { stack: true }],
];

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const needed = paths.map((path) => (table.find(([pattern]) => pattern.test(path)) ?? [path, everyCheck])[1]);

for (const [name, everything] of Object.entries(everyCheck)) {
  const value = Array.isArray(everything)
    ? everything.filter((one) => needed.some((checks) => checks[name]?.includes(one)))
    : needed.some((checks) => checks[name]);
  console.log(`${name}=${JSON.stringify(value)}`);
}
