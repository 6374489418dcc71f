import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../local/program";

// Renders every chart that the guide installs, in its version and with its values, and fails for a value that the chart does not
// have: Helm ignores those, for example after a chart has renamed one. Also fails for alerts that must not exist in a cluster
// without access to nodes and control plane, because the names of disabled rules are values that no chart rejects.
//   node infra/bootstrap.mjs infra/ci/check-charts.ts [GUIDE]

/** Values that a chart accepts although its defaults do not contain them. */
const notInDefaults = /^(fullnameOverride|config\.modules\.https_response\..*)$/;

/** Alerts that would always fire on GKE Autopilot, or never. */
const unwanted =
  /\balert: ((?:Kubelet|KubeProxy|KubeScheduler|KubeControllerManager)Down|(?:etcd|Node)\w+|Kube(?:CPU|Memory)Overcommit)$/gm;

const { argv } = process;
const guide = readFileSync(argv[2] ?? join(root, "docs/operating.md"), "utf8").replaceAll("\\\n", " ");
const commands =
  /^helm (?:install|template|upgrade) ([\w-]+) (oci:\/\/\S+) (.*?)(?: \|.*| <<END\n([^]*?)\nEND)?$/gm;

for (const [, release = "", chart = "", options = "", input = ""] of guide.matchAll(commands)) {
  const flag = (name: string) =>
    [...options.matchAll(new RegExp(`--${name} +(\\S+)`, "g"))].map(([, value = ""]) => value);
  const version = ["--version", ...flag("version")];
  const files = flag("values").map((file) =>
    file.replace("$CHARTS", join(root, "infra/k8s/components/monitoring/charts")),
  );
  const values = [
    ...files.flatMap((file) => ["--values", file]),
    ...flag("set").flatMap((set) => ["--set", set]),
  ];
  const rendered = helm(["template", release, chart, ...version, ...values], input);

  const defaults: unknown = parse(helm(["show", "values", chart, ...version]));
  const paths = [
    ...files.flatMap((file) => pathsIn(parse(file === "-" ? input : readFileSync(file, "utf8")))),
    ...flag("set").flatMap((set) => set.split(",").map((one) => one.replace(/=.*/, ""))),
  ];
  const unknown = paths.filter((path) => !notInDefaults.test(path) && !has(defaults, path.split(".")));
  const isComplete = !options.includes("--reuse-values"); // other values are those of an earlier command
  const found = isComplete ? [...rendered.matchAll(unwanted)].map(([, name = ""]) => name) : [];
  const alerts = [...new Set(found)];
  const problems = [
    ...(unknown.length > 0 ? [`has no ${unknown.join(", ")}`] : []),
    ...(alerts.length > 0 ? [`still has the alerts ${alerts.join(", ")}`] : []),
  ];
  console.log(`${chart} ${version[1]}: ${problems.join("; ") || "rendered"}`);
  if (problems.length > 0) process.exitCode = 1;
}

function helm(parameters: string[], input = ""): string {
  return execFileSync("helm", parameters, { input, encoding: "utf8", maxBuffer: 2 ** 27, timeout: 120_000 });
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pathsIn(values: object): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    isMap(value) ? pathsIn(value).map((rest) => `${name}.${rest}`) : name,
  );
}

/** An empty map, or none, accepts anything. */
function has(defaults: unknown, [name, ...rest]: string[]): boolean {
  if (name === undefined || !isMap(defaults) || Object.keys(defaults).length === 0) return true;
  return name in defaults && has(Reflect.get(defaults, name), rest);
}
