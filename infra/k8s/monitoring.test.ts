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
import "../../tickets/src/metrics";
import { render } from "./render";

/** Metrics of Prometheus, the blackbox exporter and kube-state-metrics. */
const external = [
  "up",
  "probe_success",
  "probe_ssl_earliest_cert_expiry",
  "kube_deployment_status_replicas_available",
  "kube_deployment_created",
  "kube_statefulset_replicas",
  "kube_statefulset_status_replicas_ready",
  "kube_cronjob_status_last_successful_time",
  "kube_cronjob_created",
  "kube_persistentvolumeclaim_resource_requests_storage_bytes",
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
const used = [
  ...rules.map(({ alert, record, expr }) => [alert ?? record, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

it.each(used)("%s uses exported metrics only", async (_name, expression) => {
  const exported = await namesExported();
  const selected = selectorsIn(expression);
  expect(selected).not.toEqual([]);
  for (const { name } of selected) expect(exported).toContain(name);
});

it("every metric of the services is used by an alert, a rule or a panel", async () => {
  const selected = used.flatMap(([, expression]) => selectorsIn(expression));
  const families = (await typesExported()).map(([family]) => family);
  expect(families.filter((family) => !selected.some(({ name }) => name.startsWith(family)))).toEqual([]);
});

it("selects only label values that services export, from the start and with 0", async () => {
  consume(
    listener("order:created", async () => {}),
    mongoDeadLetters(createDatabase("none")),
  );
  const counted = (await typesExported()).flatMap(([name, type]) => (type === "histogram" ? [] : [name]));
  const exported = await exposeMetrics();
  const selected = used
    .flatMap(([, expression]) => selectorsIn(expression))
    .filter(({ name, matchers }) => counted.includes(name) && matchers.length > 0);
  expect(selected.length).toBeGreaterThan(0);
  for (const { name, matchers } of selected)
    for (const { label, values } of matchers)
      for (const value of values)
        expect(exported).toMatch(new RegExp(`^${name}\\{(.*,)?${label}="${value}"(,.*)?\\} 0$`, "m"));
});

it("selects only buckets and routes that exist", async () => {
  const labels = { method: "POST", route: "/api/orders", status: 201 };
  metrics.httpDuration.observe(labels, 1);
  const exported = await exposeMetrics();
  metrics.httpDuration.reset();
  const buckets = used
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

it("disables the rules about targets that are not scraped, which would always or never fire", () => {
  const { defaultRules, prometheus, ...parts } = parse(file("charts/kube-prometheus-stack.yaml"));
  const fed: Record<string, string[]> = {
    nodeExporter: ["node", "network", "nodeExporterAlerting", "nodeExporterRecording"],
    kubelet: ["kubelet", "kubernetesStorage"],
    kubeProxy: ["kubeProxy"],
    kubeEtcd: ["etcd"],
    kubeScheduler: ["kubeSchedulerAlerting", "kubeSchedulerRecording"],
    kubeControllerManager: ["kubeControllerManager"],
    coreDns: [], // the chart has no rules for it
  };
  const disabled = Object.keys(parts).filter((part) => parts[part].enabled === false);
  expect(disabled.toSorted()).toEqual(Object.keys(fed).toSorted());
  for (const group of Object.values(fed).flat())
    expect([group, defaultRules.rules[group]]).toEqual([group, false]);
  // infra/ci/check-charts.ts compares the rendered chart.
  expect(Object.keys(defaultRules.disabled)).toEqual([
    "KubeletDown",
    "KubeCPUOvercommit",
    "KubeMemoryOvercommit",
  ]);
  expect(
    prometheus.prometheusSpec.storageSpec.volumeClaimTemplate.spec.resources.requests.storage,
  ).toBeTruthy();
});

it("compares what the broker has stored with its own claim", async () => {
  const { workloads } = await render("gke");
  const nats = workloads.find(({ metadata }) => metadata.name === "nats");
  expect(nats?.spec.volumeClaimTemplates).toEqual([expect.objectContaining({ metadata: { name: "data" } })]);
  expect(file("alerts.yaml")).toContain('persistentvolumeclaim=~"data-(nats|jetstream)-0"');
});

it("probes each service with routes, by a module of the exporter", () => {
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

it("detects an invalid expression", () => {
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
  return [...names, ...recorded, ...external];
}

interface Selector {
  name: string;
  matchers: { label: string; values: string[] }[];
}

/** The selectors of an expression, parsed by Prometheus' own grammar. */
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
