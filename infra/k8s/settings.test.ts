import express from "express";
import { execute, reasonOf } from "../local/execute";
import { fromSource } from "../local/from-source";
import { root } from "../local/program";
import { databaseServices, serviceNames } from "../services";
import { containerOf, manifestsOf, render, type Rendered } from "./render";

let rendered: Rendered;
beforeAll(async () => {
  rendered = await manifestsOf("ci");
});

it.each(serviceNames)("%s has all the settings it needs", async (name) => {
  expect(await problemsOf(name)).toBe("");
});

it("client has all the settings it needs", async () => {
  expect(await problemsOf("client")).toBe("");
});

it("detects a missing setting", async () => {
  expect(await problemsOf("payments", ["NATS_URL", "STRIPE_KEY"])).toMatch(/NATS_URL.*STRIPE_KEY/);
  expect(await problemsOf("client", ["AUTH_URL"])).toMatch(/AUTH_URL/);
});

it("with the component smtp, auth names what it lacks, and only auth can read the server's password", async () => {
  const shown = rendered;
  process.env.SMTP_URL = "smtps://user:password@smtp.example.com";
  try {
    rendered = await render("ci", { add: ["smtp"] });
    expect(await problemsOf("auth", ["SMTP_URL"])).toMatch(/SMTP_URL is missing.*MAIL_FROM is missing/);
    const readers = rendered.workloads.filter((workload) =>
      containerOf(workload).env.some(({ valueFrom }) => valueFrom?.secretKeyRef.name === "smtp"),
    );
    expect(readers.map(({ metadata }) => metadata.name)).toEqual(["auth"]);
  } finally {
    delete process.env.SMTP_URL;
    rendered = shown;
  }
});

it("every overlay has the same settings, except for Stripe, a collector and a load balancer", async () => {
  const [local, gke] = [await manifestsOf("local"), await manifestsOf("gke")];
  const shared = keysOf(rendered).filter((name) => name !== "STRIPE_API_URL");
  expect(keysOf(local)).toEqual(keysOf(rendered));
  expect(keysOf(gke).toSorted()).toEqual(
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "TRUSTED_PROXIES", ...shared].toSorted(),
  );
  expect(keysOf(gke)).toContain("PUBLIC_URL");
  expect(keysOf(await manifestsOf("release"))).toEqual(keysOf(rendered));
});

it("gke trusts X-Forwarded-For from private networks, Google's front ends and the load balancer only", async () => {
  const app = express();
  app.set("trust proxy", settingsOf(await manifestsOf("gke"))?.TRUSTED_PROXIES);
  const trusts: (address: string, hop: number) => boolean = app.get("trust proxy fn");
  for (const address of ["10.4.0.7", "35.191.12.1", "130.211.3.9", "192.0.2.1"])
    expect(trusts(address, 0)).toBe(true);
  for (const address of ["35.192.0.1", "130.211.4.1", "203.0.113.7"]) expect(trusts(address, 0)).toBe(false);
});

it.each(["local", "ci", "release", "gke"])("in %s only Secrets contain secret values", async (overlay) => {
  const one = await manifestsOf(overlay);
  const others = JSON.stringify(one.all.filter(({ kind }) => kind !== "Secret"));
  for (const value of valuesOf(one.secrets)) expect(others).not.toContain(value);
  const literal = variablesOf(one).filter(({ value }) => value !== undefined);
  expect(literal.filter(({ name }) => /KEY|TOKEN|PASSWORD|SECRET/.test(name))).toEqual([]);
  const addresses = literal.filter(({ value }) => value?.includes("@"));
  for (const { value } of addresses) expect(value).toMatch(/^[a-z]+:\/\/[a-z]*:?\$\([A-Z_]+\)@/);
});

it("secrets are generated for each installation, and gke's manifests contain none", async () => {
  const again = valuesOf((await render("ci")).secrets);
  const random = valuesOf(rendered.secrets).filter((value) => value !== "sk_test_eventhive");
  expect(random).toHaveLength(24);
  expect(random.filter((value) => again.includes(value))).toEqual([]);
  for (const overlay of ["gke", "release"]) expect((await manifestsOf(overlay)).secrets).toEqual([]);
});

it("only the workloads that need a secret receive it", async () => {
  const readers: Record<string, string[]> = {};
  const { workloads, cronJobs } = await manifestsOf("gke");
  const containers = [
    ...workloads.map((workload) => [workload.metadata.name, containerOf(workload)] as const),
    ...cronJobs.map(
      ({ metadata, spec }) => [metadata.name, spec.jobTemplate.spec.template.spec.containers[0]] as const,
    ),
  ];
  for (const [name, { env }] of containers)
    for (const { valueFrom } of env)
      if (valueFrom)
        (readers[`${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`] ??= []).push(name);
  const withApp = databaseServices.toSorted();
  const jobs = withApp.map((name) => `backup-${name}`);
  expect(readers).toEqual({
    "auth-mongo/password": ["auth", "auth-mongo", "backup-auth"],
    "tickets-mongo/password": ["tickets", "tickets-mongo", "backup-tickets"],
    "orders-mongo/password": ["orders", "orders-mongo", "backup-orders"],
    "payments-mongo/password": ["payments", "payments-mongo", "backup-payments"],
    "backup/BACKUP_ACCESS_KEY_ID": jobs,
    "backup/BACKUP_SECRET_ACCESS_KEY": jobs,
    "expiration-redis/password": ["expiration", "expiration-redis"],
    "nats/token": [...serviceNames.toSorted(), "nats"],
    "sessions/JWT_KEY": withApp,
    "sessions/JWT_PREVIOUS_KEY": withApp,
    "stripe/STRIPE_KEY": ["payments"],
    "stripe/STRIPE_PUBLISHABLE_KEY": ["client"],
    "stripe/STRIPE_WEBHOOK_SECRET": ["payments"],
    "stripe/STRIPE_WEBHOOK_SECRET_PREVIOUS": ["payments"],
  });
});

const settingsOf = ({ configMaps }: Rendered) =>
  configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"))?.data;

const keysOf = (one: Rendered) => Object.keys(settingsOf(one) ?? {});

const valuesOf = (secrets: Rendered["secrets"]) =>
  secrets.flatMap(({ stringData }) => Object.values(stringData));

const variablesOf = ({ workloads, cronJobs }: Rendered) => [
  ...workloads.flatMap((workload) => containerOf(workload).env),
  ...cronJobs.flatMap(({ spec }) => spec.jobTemplate.spec.template.spec.containers[0].env),
];

/** The program's error message about the environment of its pod. */
async function problemsOf(name: string, without: string[] = []): Promise<string> {
  const check =
    name === "client"
      ? 'require("./client/lib/settings").settings()'
      : `require("./common/src/service/service").onStartService(() => {});
         require("./${name}/src/index");
         require("./common/src/base/settings").checkSettings()`;
  const script = `try { ${check} } catch (error) { console.error(error.message); process.exit(1) } process.exit(0)`;
  const env: NodeJS.ProcessEnv = { ...environmentOf(name), PATH: process.env.PATH };
  for (const one of without) delete env[one];
  const parameters = ["--conditions=react-server", ...fromSource, "-e", script];
  return execute(process.execPath, parameters, { cwd: root, env }).then(() => "", reasonOf);
}

/** The environment as the kubelet builds it: `$(NAME)` refers to an earlier variable. */
function environmentOf(name: string): NodeJS.ProcessEnv {
  const workload = rendered.workloads.find(({ metadata }) => metadata.name === name);
  if (!workload) throw new Error(`There is no ${name}`);
  const { env, envFrom = [] } = containerOf(workload);
  const maps = envFrom.map(
    ({ configMapRef }) =>
      rendered.configMaps.find(({ metadata }) => metadata.name === configMapRef.name)?.data,
  );
  const known: NodeJS.ProcessEnv = Object.assign({}, ...maps);
  for (const { name: variable, value, valueFrom } of env) {
    const { name: secret, key = "" } = valueFrom?.secretKeyRef ?? {};
    known[variable] = secret
      ? rendered.secrets.find(({ metadata }) => metadata.name === secret)?.stringData[key]
      : value?.replaceAll(/\$\((\w+)\)/g, (reference, other: string) => known[other] ?? reference);
    if (known[variable] === undefined) delete known[variable];
  }
  return known;
}
