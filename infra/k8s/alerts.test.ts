import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Outage, durationSeconds, healthy, marginSeconds as shortMargin, outages } from "./outages";

interface Rules {
  spec: { groups: { rules: { alert?: string; labels?: { severity: string } }[] }[] };
}

let folder: string;
let rules: Rules;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alerts-"));
  rules = parse(await readFile(join(__dirname, "components/monitoring/alerts.yaml"), "utf8"));
  await writeFile(join(folder, "rules.yaml"), stringify(rules.spec));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(outages.map((one) => [one.outage, one] as const))(
  "%s: its alert fires in time, lasts as long as the outage, and resolves",
  async (_, outage) => {
    await promtool(testOf(outage));
  },
);

it("each alert has an outage that raises it", () => {
  const alerts = rules.spec.groups.flatMap((group) => group.rules).flatMap(({ alert }) => alert ?? []);
  expect(new Set(outages.map(({ alert }) => alert.alertname))).toEqual(new Set(alerts));
});

it("detects an alert that fires too late", async () => {
  const [outage] = outages;
  const early = outage && testOf({ ...outage, firesAfter: outage.firesAfter - 30 });
  await expect(promtool(early)).rejects.toThrow("FAILED");
});

async function promtool(test: object | undefined): Promise<void> {
  const file = join(folder, "test.yaml");
  await writeFile(file, JSON.stringify(test)); // JSON is YAML
  const { status, stdout, stderr } = spawnSync(process.env.PROMTOOL ?? "promtool", ["test", "rules", file], {
    encoding: "utf8",
    env: { ...process.env, GOGC: "800" }, // it runs for seconds, and would collect garbage for a third of them
  });
  if (status !== 0) throw new Error(stdout + stderr);
}

const firing = (labels: Record<string, string>) =>
  `ALERTS{${Object.entries({ ...labels, alertstate: "firing" })
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;

/** A unit test as promtool reads it: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
function testOf(outage: Outage): object {
  const { alert, also = [], series, firesAfter, resolvesAfter = 0, stepSeconds = 15 } = outage;
  const { lastsSeconds = durationSeconds, marginSeconds = shortMargin } = outage;
  const [begin, end] = [marginSeconds, marginSeconds + lastsSeconds];
  const phases = {
    before: marginSeconds / stepSeconds,
    during: lastsSeconds / stepSeconds,
    after: marginSeconds / stepSeconds,
    stepSeconds,
  };
  const at = (seconds: number, labels: Record<string, string>, isFiring: boolean) => ({
    expr: `count(${firing(labels)})`,
    eval_time: `${seconds}s`,
    exp_samples: isFiring ? [{ value: 1 }] : [],
  });
  const allAt = (seconds: number, names: string[]) => ({
    expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
    eval_time: `${seconds}s`,
    exp_samples: names.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
  });
  // One scrape more or less: versions of Prometheus differ in whether a range includes its start.
  const tolerance = 2 * stepSeconds;
  return {
    rule_files: ["rules.yaml"],
    evaluation_interval: `${stepSeconds}s`,
    tests: [
      {
        name: outage.outage,
        interval: `${stepSeconds}s`,
        input_series: Object.entries({ ...healthy, ...series }).map(([name, samples]) => ({
          series: name,
          values: samples(phases),
        })),
        promql_expr_test: [
          allAt(begin - stepSeconds, []),
          at(begin + firesAfter - tolerance, alert, false),
          at(begin + firesAfter, alert, true),
          allAt(end - tolerance, [alert.alertname, ...also].toSorted()),
          at(end + resolvesAfter - tolerance, alert, true),
          at(end + resolvesAfter, alert, false),
          allAt(end + marginSeconds - stepSeconds, []),
        ],
      },
    ],
  };
}
