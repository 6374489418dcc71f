import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { createDatabase, listener } from "@eventhive/common";
import { mongoDeadLetters } from "../../common/src/messaging/dead-letters";
import { consume } from "../../common/src/messaging/listener";
import { exposeMetrics } from "../../common/src/metrics";
import "../../expiration/src/metrics";
import "../../orders/src/metrics";
import "../../payments/src/metrics";

const BY_PROMETHEUS = ["up"];

const file = (name: string) => readFileSync(join(__dirname, "components/monitoring", name), "utf8");

interface Alerts {
  spec: { groups: { rules: { alert: string; expr: string }[] }[] };
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

const alerts: Alerts = parse(file("alerts.yaml"));
const dashboard: Dashboard = JSON.parse(file("dashboard.json"));
const watched = [
  ...alerts.spec.groups.flatMap(({ rules }) => rules).map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

it.each(watched)("%s asks for what the services export", async (_name, expression) => {
  const exported = await namesExported();
  const asked = namesIn(expression);
  expect(asked).not.toEqual([]);
  for (const name of asked) expect(exported).toContain(name);
});

it("nothing that the services export of themselves goes unwatched", async () => {
  const asked = watched.flatMap(([, expression]) => namesIn(expression));
  const families = [...(await exposeMetrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, family = ""]) => family);
  expect(families.filter((family) => !asked.some((name) => name.startsWith(family)))).toEqual([]);
});

it("asks only for values that the services count, and that are there before they are counted", async () => {
  consume(
    listener("order:created", async () => {}),
    mongoDeadLetters(createDatabase("none")),
  );
  const exported = await exposeMetrics();
  const asked = watched.flatMap(([, expression]) => [
    ...expression.matchAll(/(\w+_total|payments_\w+)\{(\w+)=~?"([^"]+)"\}/g),
  ]);
  expect(asked.length).toBeGreaterThan(0);
  for (const [, name, label, values = ""] of asked)
    for (const value of values.split("|"))
      expect(exported).toMatch(new RegExp(`^${name}\\{(.*,)?${label}="${value}"(,.*)?\\} 0$`, "m"));
});

async function namesExported(): Promise<string[]> {
  const families = [...(await exposeMetrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const names = families.flatMap(([, family = "", type]) =>
    type === "histogram" ? ["bucket", "count", "sum"].map((part) => `${family}_${part}`) : [family],
  );
  return [...names, ...BY_PROMETHEUS];
}

/** Words that are neither labels, nor functions, nor what belongs to an aggregation. */
function namesIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)/g, "");
  return [...bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !["sum", "min", "max"].includes(name));
}
