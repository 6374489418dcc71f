import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { createDatabase, listener } from "@eventhive/common";
import { parser } from "@prometheus-io/lezer-promql";
import { mongoDeadLetters } from "../../common/src/messaging/dead-letters";
import { consume } from "../../common/src/messaging/listener";
import { exposeMetrics, metrics } from "../../common/src/base/metrics";
import "../../auth/src/metrics";
import "../../expiration/src/metrics";
import "../../orders/src/metrics";
import "../../payments/src/metrics";

/** Of others than our services: Prometheus, the blackbox exporter and kube-state-metrics. */
const byOthers = [
  "up",
  "probe_success",
  "probe_ssl_earliest_cert_expiry",
  "kube_deployment_status_replicas_available",
  "kube_cronjob_status_last_successful_time",
  "kube_cronjob_created",
];

const file = (name: string) => readFileSync(join(__dirname, "components/monitoring", name), "utf8");

interface Alerts {
  spec: { groups: { rules: { alert?: string; record?: string; expr: string }[] }[] };
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

const alerts: Alerts = parse(file("alerts.yaml"));
const dashboard: Dashboard = JSON.parse(file("dashboard.json"));
const rules = alerts.spec.groups.flatMap((group) => group.rules);
const recorded = rules.flatMap(({ record }) => record ?? []);
const watched = [
  ...rules.map(({ alert, record, expr }) => [alert ?? record, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

it.each(watched)("%s asks for what the services export", async (_name, expression) => {
  const exported = await namesExported();
  const asked = selectorsIn(expression);
  expect(asked).not.toEqual([]);
  for (const { name } of asked) expect(exported).toContain(name);
});

it("nothing that the services export of themselves goes unwatched", async () => {
  const asked = watched.flatMap(([, expression]) => selectorsIn(expression));
  const families = (await typesExported()).map(([family]) => family);
  expect(families.filter((family) => !asked.some(({ name }) => name.startsWith(family)))).toEqual([]);
});

it("asks only for values that the services count, and that are there before they are counted", async () => {
  consume(
    listener("order:created", async () => {}),
    mongoDeadLetters(createDatabase("none")),
  );
  const counted = (await typesExported()).flatMap(([name, type]) => (type === "histogram" ? [] : [name]));
  const exported = await exposeMetrics();
  const asked = watched
    .flatMap(([, expression]) => selectorsIn(expression))
    .filter(({ name, matchers }) => counted.includes(name) && matchers.length > 0);
  expect(asked.length).toBeGreaterThan(0);
  for (const { name, matchers } of asked)
    for (const { label, values } of matchers)
      for (const value of values)
        expect(exported).toMatch(new RegExp(`^${name}\\{(.*,)?${label}="${value}"(,.*)?\\} 0$`, "m"));
});

it("asks for a bucket and for routes that there are", async () => {
  const labels = { method: "POST", route: "/api/orders", status: 201 };
  metrics.httpDuration.observe(labels, 1);
  const exported = await exposeMetrics();
  metrics.httpDuration.reset();
  const buckets = watched
    .flatMap(([, expression]) => selectorsIn(expression))
    .flatMap(({ matchers }) => matchers)
    .filter(({ label }) => label === "le");
  expect(buckets.length).toBeGreaterThan(0);
  for (const { values } of buckets) expect(exported).toContain(`le="${values.join()}",method="POST"`);
  for (const service of ["orders", "payments"])
    expect(readFileSync(join(__dirname, `../../${service}/src/app.ts`), "utf8")).toContain(
      `api.post("/api/${service}"`,
    );
});

it("runs no rules of what the cluster's monitoring does not scrape: they would fire for ever, or never", () => {
  const { defaultRules, prometheus, ...parts } = parse(file("charts/kube-prometheus-stack.yaml"));
  const fed: Record<string, string[]> = {
    nodeExporter: ["node", "network", "nodeExporterAlerting", "nodeExporterRecording"],
    kubelet: ["kubelet", "kubernetesStorage"],
    kubeProxy: ["kubeProxy"],
    kubeEtcd: ["etcd"],
    kubeScheduler: ["kubeSchedulerAlerting", "kubeSchedulerRecording"],
    kubeControllerManager: ["kubeControllerManager"],
    coreDns: [], // the chart has none
  };
  const disabled = Object.keys(parts).filter((part) => parts[part].enabled === false);
  expect(disabled.toSorted()).toEqual(Object.keys(fed).toSorted());
  for (const group of Object.values(fed).flat())
    expect([group, defaultRules.rules[group]]).toEqual([group, false]);
  expect(defaultRules.disabled.KubeletDown).toBe(true);
  expect(
    prometheus.prometheusSpec.storageSpec.volumeClaimTemplate.spec.resources.requests.storage,
  ).toBeTruthy();
});

it("probes each service that has routes, with a module that the exporter has", () => {
  const { spec } = parse(file("probe.yaml"));
  const { config, fullnameOverride } = parse(file("charts/blackbox-exporter.yaml"));
  expect(Object.keys(config.modules)).toEqual([spec.module]);
  expect(spec.prober.url).toBe(`${fullnameOverride}.monitoring:9115`);
  expect(JSON.stringify(alerts)).toContain(`job=\\"${spec.jobName}\\"`);
  const targets: string[] = spec.targets.staticConfig.static;
  expect(targets.map((target) => target.split("/")[4] ?? "client").toSorted()).toEqual([
    "client",
    "orders",
    "payments",
    "tickets",
    "users",
  ]);
});

it("would see an expression that Prometheus does not understand", () => {
  expect(() => selectorsIn("sum(increase(orders_total[1h])")).toThrow("is not PromQL");
  expect(() => selectorsIn("rat(orders_total[1h])")).toThrow("is not PromQL");
});

async function typesExported(): Promise<[family: string, type: string][]> {
  const lines = (await exposeMetrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return [...lines].map(([, family = "", type = ""]) => [family, type]);
}

async function namesExported(): Promise<string[]> {
  const names = (await typesExported()).flatMap(([family, type]) =>
    type === "histogram" ? ["bucket", "count", "sum"].map((part) => `${family}_${part}`) : [family],
  );
  return [...names, ...recorded, ...byOthers];
}

interface Selector {
  name: string;
  matchers: { label: string; values: string[] }[];
}

/** What an expression selects, as Prometheus' own grammar reads it. */
function selectorsIn(expression: string): Selector[] {
  const selectors: Selector[] = [];
  const text = (node: { from: number; to: number } | null) =>
    node ? expression.slice(node.from, node.to) : "";
  parser.parse(expression).iterate({
    enter: ({ type, name, from, node }) => {
      if (type.isError) throw new SyntaxError(`"${expression}" is not PromQL at ${from}`);
      if (name !== "VectorSelector") return;
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      selectors.push({
        name: text(node.getChild("Identifier")),
        matchers: matchers.map((matcher) => ({
          label: text(matcher.getChild("LabelName")),
          values: text(matcher.getChild("StringLiteral")).slice(1, -1).split("|"),
        })),
      });
    },
  });
  return selectors;
}
