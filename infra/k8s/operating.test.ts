import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { root } from "../local/program";
import { containerOf, render } from "./render";

jest.setTimeout(30_000);

const guide = readFileSync(join(root, "docs/operating.md"), "utf8");

const found = (pattern: RegExp) => new Set([...guide.matchAll(pattern)].map(([, name = ""]) => name));

it("says of every alert what to do", () => {
  const alerts = readFileSync(join(__dirname, "components/monitoring/alerts.yaml"), "utf8");
  for (const [, alert = ""] of alerts.matchAll(/- alert: (\w+)/g))
    expect(guide).toContain(`| \`${alert}\` |`);
});

it("names workloads and secrets that there are", async () => {
  const { workloads } = await render("gke");
  const { secrets } = await render("ci");
  const names = workloads.map(({ metadata }) => metadata.name);
  const shell = ["NAME", "$service"];
  const named = found(
    /(?:exec|logs|restart|scale|undo|status) (?:deploy|deployment|statefulset)\/([\w$-]+)/g,
  );
  expect(
    [...named].filter(
      (name) => ![...names, ...shell, "ingress-nginx-controller", "envoy-gateway"].includes(name),
    ),
  ).toEqual([]);
  const patched = found(/(?:patch|get) secret ([\w-]+)/g);
  expect(patched.size).toBe(5);
  const known = secrets.map(({ metadata }) => metadata.name);
  expect([...patched].filter((name) => !known.includes(name))).toEqual([]);
});

it("counts on what the stores have: their claims, their variables, and a broker that mends its files", async () => {
  const { workloads } = await render("gke");
  for (const name of found(/\bdata-([a-z-]+)-0/g))
    expect(workloads.map(({ metadata }) => metadata.name)).toContain(name);
  for (const workload of workloads.filter(({ metadata }) => metadata.name.endsWith("-mongo")))
    expect(containerOf(workload).env.map(({ name }) => name)).toContain("MONGO_INITDB_ROOT_PASSWORD");
  const nats = workloads.find(({ metadata }) => metadata.name === "nats");
  expect(nats && containerOf(nats).args).toContain("-file_truncate_bad_eof");
});

it("gives GitHub the variables and environments that the deployment uses", () => {
  const workflow = readFileSync(join(root, ".github/workflows/deploy.yml"), "utf8");
  const used = new Set([...workflow.matchAll(/vars\.(\w+)/g)].map(([, name]) => name));
  expect(found(/gh variable set (\w+)/g)).toEqual(used);
  for (const [, name = ""] of workflow.matchAll(/environment: (\w+)/g))
    expect(guide).toContain(`attribute.environment/${name}"`);
});

it("names every program that its commands need", () => {
  const [introduction = ""] = guide.split("\n## ", 1);
  const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  const starts =
    /(?:^|[|(;&]|\bdo|\bxargs)[ \n]*(?:[A-Z_]+=\S+ )*(curl|docker|gcloud|gh|helm|jq|kubectl|node|openssl|perl|skaffold)\b/gm;
  const used = new Set(blocks.flatMap((text) => [...text.matchAll(starts)].map(([, name = ""]) => name)));
  expect(used.size).toBeGreaterThan(7);
  const isNamed = (name: string) => introduction.includes(name === "node" ? "Node.js" : `\`${name}\``);
  expect([...used].filter((name) => !isNamed(name))).toEqual([]);
});

it("shows manifests that can be read", () => {
  const shown = [...guide.matchAll(/<<END\n([\s\S]*?)\n *END$/gm)].map(([, text = ""]) => text);
  expect(shown).toHaveLength(3);
  for (const text of shown)
    for (const { errors } of parseAllDocuments(text.replaceAll("$", ""))) expect(errors).toEqual([]);
});
