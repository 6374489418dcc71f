import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { serviceNames } from "../services";

const all = {
  components: ["common", ...serviceNames, "client", "infra", "mutants"],
  images: [...serviceNames, "client", "stripe-sandbox", "backup", "verify"],
  stack: true,
  cluster: true,
  charts: true,
};
const none = { components: [], images: [], stack: false, cluster: false, charts: false };

it.each([
  "common/src/contract/events.ts",
  "package-lock.json",
  "tsconfig.base.json",
  ".dockerignore",
  ".github/workflows/ci.yml",
  "infra/ci/changes.mjs",
  "infra/bootstrap.mjs",
  "a-folder-of-tomorrow/file.ts",
])("checks everything when %s changes", (path) => {
  expect(checksFor(path)).toEqual(all);
});

it.each(["LICENSE", ".github/ISSUE_TEMPLATE/bug.yml"])("checks no component when only %s changes", (path) => {
  expect(checksFor(path)).toEqual(none);
});

it("checks only the service that changed, with infra's tests of it, alone and in the stack", () => {
  const orders = { components: ["orders", "infra"], images: ["orders"], stack: true, cluster: true };
  expect(checksFor("orders/src/index.ts")).toEqual({ ...none, ...orders });
});

it.each(["README.md", "orders/README.md", "docs/order.png"])(
  "checks the documentation when only %s changes",
  (path) => {
    expect(checksFor(path)).toEqual({ ...none, components: ["infra"] });
  },
);

it("renders the charts and tests on a cluster when the guide changes, which has their versions and commands", () => {
  const checks = { components: ["infra"], charts: true, cluster: true };
  expect(checksFor("docs/operating.md")).toEqual({ ...none, ...checks });
});

it("builds every image for the cluster when a Dockerfile, a manifest or skaffold.yaml changes", () => {
  for (const path of ["infra/Dockerfile", "infra/k8s/base/ingress.yaml", "skaffold.yaml"])
    expect(checksFor(path)).toEqual({ ...all, components: ["infra"], stack: false });
});

it("builds no service's image when only the local runner or tests change", () => {
  expect(checksFor("infra/local/stack.ts")).toEqual({ ...none, components: ["infra"], stack: true });
  expect(checksFor("e2e/saga.test.ts")).toEqual({ ...none, stack: true });
  expect(checksFor("e2e/cluster/kills.test.ts")).toEqual({ ...none, cluster: true });
  for (const path of ["e2e/client.ts", "e2e/races.test.ts"])
    expect(checksFor(path)).toEqual({ ...none, stack: true, cluster: true });
});

it("compares the mutants with those of the payment model when either changes", () => {
  expect(checksFor("mutants/guards/orders.ts")).toEqual({ ...none, components: ["mutants"] });
  expect(checksFor("spec/mutants.ts")).toEqual({ ...none, components: ["mutants"], stack: true });
});

it.each(["stripe-sandbox", "backup", "verify"])("builds only the image of %s when it changes", (name) => {
  const { images, cluster } = checksFor(`infra/${name}/file`);
  expect({ images, cluster }).toEqual({ images: [name], cluster: true });
});

it("combines the checks of several changes, each once", () => {
  const { components, images } = checksFor("orders/src/app.ts", "auth/src/app.ts", "orders/src/index.ts");
  expect(components).toEqual(["auth", "orders", "infra"]);
  expect(images).toEqual(["auth", "orders"]);
});

it("does not mistake a folder for a service whose name it begins with", () => {
  expect(checksFor("orders-archive/index.ts")).toEqual(all);
});

it("checks nothing when nothing changed", () => {
  expect(checksFor()).toEqual(none);
});

/** The outputs as a workflow reads them: one per line, the value in JSON. */
function checksFor(...paths: string[]): Record<string, unknown> {
  const input = paths.map((path) => `${path}\n`).join("");
  const printed = execFileSync(process.execPath, [join(__dirname, "changes.mjs")], {
    input,
    encoding: "utf8",
  });
  const outputs = printed
    .trim()
    .split("\n")
    .map((line) => line.split("="));
  return Object.fromEntries(outputs.map(([name, value = ""]) => [name, JSON.parse(value)]));
}
