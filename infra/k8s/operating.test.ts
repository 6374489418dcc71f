import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { parse, parseAllDocuments } from "yaml";
import { changes } from "../../payments/src/routes/receive-webhook";
import { temporaryFolder } from "../jest/temporary-folder";
import { root } from "../local/program";
import { databaseServices, serviceNames } from "../services";
import { typeOf } from "../stripe-sandbox/webhooks";
import { recordGuide } from "./guide-calls";
import { outageTable } from "./outages";
import { containerOf, manifestsOf, render } from "./render";

const guide = readFileSync(join(root, "docs/operating.md"), "utf8");

/** The components of "Move to JetStream". */
const forMigration = { add: ["jetstream", "bridge"] };

const blocks = [...guide.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].map(([, block = ""]) => block);

const found = (pattern: RegExp) => new Set([...guide.matchAll(pattern)].map(([, name = ""]) => name));

it("describes what to do for every alert", () => {
  const alerts = readFileSync(join(__dirname, "components/monitoring/alerts.yaml"), "utf8");
  for (const [, alert = ""] of alerts.matchAll(/- alert: (\w+)/g))
    expect(guide).toContain(`| \`${alert}\` |`);
});

/** The texts that a phrase about a log quotes, such as `the service's log, "could not …"`. */
function quotedLogs(): string[] {
  const prose = guide.replaceAll(/^ *```sh\n[^]*?^ *```$/gm, "").replaceAll(/`[^`]*`/g, "");
  const phrases = prose.replaceAll(/\s+/g, " ").match(/(?:"[^"]*"|[^".;|])+/g) ?? [];
  return phrases
    .filter((phrase) => /\blogs?\b/.test(phrase.replaceAll(/"[^"]*"/g, "")))
    .flatMap((phrase) => [...phrase.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text));
}

/** Texts in the logs of NATS Streaming and of MongoDB. */
const loggedByStores = ["has been truncated to offset", "Authentication failed"];

it("quotes only log texts that occur in the sources", () => {
  const sources = ["common", ...serviceNames]
    .flatMap((folder) =>
      readdirSync(join(root, folder, "src"), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
        .map((path) => readFileSync(join(root, folder, "src", path), "utf8")),
    )
    .join("\n")
    .replaceAll("${operation}", "cancel");
  const texts = quotedLogs();
  expect(texts.length).toBeGreaterThan(12);
  expect(texts).toEqual(expect.arrayContaining(loggedByStores));
  const ours = texts.filter((text) => !loggedByStores.includes(text));
  const isLogged = (text: string) => sources.includes(`"${text}`) || sources.includes(`\`${text}`);
  expect(ours.filter((text) => !isLogged(text))).toEqual([]);
});

it("states when each alert fires and resolves, as tested", () => {
  expect(guide).toContain(`\n${outageTable()}\n`);
});

it("registers the webhook for the events that payments uses, and for no others", () => {
  const types = new Map<string, string | undefined>(Object.entries(typeOf));
  const used = Object.values(changes).flatMap((statuses) => statuses.map((status) => types.get(status)));
  expect(found(/enabled_events\[\]=([\w.]+)/g)).toEqual(new Set(used));
});

it("installs every chart in one version, with existing values files", () => {
  const commands = [...guide.replaceAll("\\\n", " ").matchAll(/helm (?:install|upgrade|template) .*/g)];
  const versions: Record<string, Set<string>> = {};
  for (const [command] of commands) {
    const [, chart = ""] = /\boci:\/\/(\S+)/.exec(command) ?? [];
    const [, version = ""] = /--version (v?\d+\.\d+\.\d+)\b/.exec(command) ?? [];
    expect([command, version]).toEqual([command, expect.stringMatching(/./)]);
    (versions[chart] ??= new Set()).add(version);
    for (const [, file = ""] of command.matchAll(/--values \$CHARTS\/(\S+)/g))
      expect(existsSync(join(__dirname, "components/monitoring/charts", file))).toBe(true);
  }
  expect(Object.keys(versions).length).toBeGreaterThanOrEqual(5);
  for (const named of Object.values(versions)) expect([...named]).toHaveLength(1);
});

it("sends no notifications for alerts that report no problem", () => {
  const [, discarded = ""] = /receiver: "null", matchers: \['alertname =~ "(.*)"'\]/.exec(guide) ?? [];
  expect(discarded.split("|")).toEqual(["Watchdog", "InfoInhibitor"]);
});

it("names only existing workloads and Secrets", async () => {
  const { workloads } = await render("gke", forMigration);
  const { secrets } = await manifestsOf("ci");
  const names = workloads.map(({ metadata }) => metadata.name);
  const shell = ["NAME", "$service", "$service-mongo", "$name", "$broker"];
  const ofCharts = [
    "ingress-nginx-controller",
    "envoy-gateway",
    "blackbox-exporter",
    "policy-controller-webhook",
  ];
  const named = found(
    /(?:exec|logs|restart|scale|undo|status) (?:deploy|deployment|statefulset)\/([\w$-]+)/g,
  );
  expect([...named].filter((name) => ![...names, ...shell, ...ofCharts].includes(name))).toEqual([]);
  const patched = found(/(?:patch|get) secret ([\w-]+)/g);
  expect(patched.size).toBe(7);
  const known = secrets.map(({ metadata }) => metadata.name);
  expect([...patched].filter((name) => !known.includes(name))).toEqual([]);
});

it("backs up and restores by the tested jobs only", async () => {
  const { cronJobs } = await manifestsOf("gke");
  const jobs = cronJobs.map(({ metadata }) => metadata.name);
  for (const [, name = ""] of guide.matchAll(/`(backup-(?:auth|tickets|orders|payments))`/g))
    expect(jobs).toContain(name);
  for (const name of jobs) expect(guide).toContain(`\`${name}\``);
  const code = blocks.join("");
  expect(code).toContain("--from=cronjob/backup-$service");
  expect(code).not.toMatch(/mongodump|mongorestore/);
  const withOtherArguments = code.match(/ create job (list|restore)-.*\n? *jq.*/g) ?? [];
  expect(withOtherArguments).toHaveLength(2);
  // The CronJob counts the success of every job that it owns as a backup.
  for (const command of withOtherArguments) expect(command).toContain("del(.metadata.ownerReferences)");
});

it("refers to claims, variables and flags that the stores have", async () => {
  const { workloads } = await render("gke", forMigration);
  for (const name of found(/\bdata-([a-z-]+)-0/g))
    expect(workloads.map(({ metadata }) => metadata.name)).toContain(name);
  for (const workload of workloads.filter(({ metadata }) => metadata.name.endsWith("-mongo")))
    expect(containerOf(workload).env.map(({ name }) => name)).toContain("MONGO_INITDB_ROOT_PASSWORD");
  const nats = workloads.find(({ metadata }) => metadata.name === "nats");
  expect(nats && containerOf(nats).args).toContain("-file_truncate_bad_eof");
});

it("treats all members of a store alike, whose number the overlay decides", () => {
  const commands = blocks
    .flatMap((block) => block.replaceAll(/\\\n */g, "").split("\n"))
    .map((line) => line.trim());
  const emptied = commands.filter((line) => line.includes(" delete pvc "));
  expect(emptied).toHaveLength(2);
  for (const line of emptied) expect(line).toMatch(/ delete pvc --selector=app=\$[\w-]+( #|$)/);
  const scaled = commands.filter((line) => /scale statefulset\/.*--replicas=(?!0)/.test(line));
  expect(scaled).toHaveLength(2);
  for (const line of scaled) expect(line).toMatch(/ --replicas=\$members$/);
  const written = commands.filter((line) =>
    /changeUserPassword|setFeatureComp|\.drop\(|rs\.reconfig/.test(line),
  );
  expect(written).toHaveLength(4);
  for (const line of written) expect(line).toMatch(/directConnection=false|replicaSet=eventhive/);
});

it("restores a database only once it has a primary", () => {
  const emptied = blocks.find((block) => block.includes("delete pvc --selector=app=$service-mongo"));
  const waiting = /\n *until kubectl [^]* --eval '(.*)'; do sleep 5; done #.*\n$/;
  const [, expression = ""] = waiting.exec(emptied ?? "") ?? [];
  const exitCode = (hello: object): unknown => {
    const quit = jest.fn();
    runInNewContext(expression, { db: { hello: () => hello }, quit });
    return quit.mock.calls.flat()[0];
  };
  expect(exitCode({ isWritablePrimary: true })).toBe(0); // a single server
  expect(exitCode({ isWritablePrimary: false, secondary: false })).toBe(1); // in no set yet
  expect(exitCode({ setName: "eventhive", isWritablePrimary: false, secondary: true })).toBe(1);
  const primary = "orders-mongo-1.orders-mongo:27017";
  expect(exitCode({ setName: "eventhive", isWritablePrimary: false, secondary: true, primary })).toBe(0);
});

it("creates the variables and environments that the deployment uses", () => {
  const workflow = (name: string) => readFileSync(join(root, `.github/workflows/${name}.yml`), "utf8");
  const all = ["deploy", "deploy-to", "images"].map(workflow).join("");
  expect(found(/gh variable set (\w+)/g)).toEqual(
    new Set([...all.matchAll(/vars\.(\w+)/g)].map(([, name]) => name)),
  );
  const environments = [...workflow("deploy").matchAll(/^ +environment: (\w+)/gm)].map(([, name]) => name);
  expect(environments).toEqual(["registry", "staging", "production"]);
  for (const role of ["artifactregistry.writer", "artifactregistry.reader", "container.developer"])
    expect(guide).toMatch(new RegExp(`${role} --member=\\$SUBJECTS/(registry|\\$ENVIRONMENT)`));
});

it("restricts every environment, and every tag that starts a workflow", () => {
  const folder = join(root, ".github/workflows");
  const workflows = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const environments = workflows.flatMap((text) =>
    [...text.matchAll(/^ +environment: (\w+)$/gm)].map(([, name = ""]) => name),
  );
  expect(environments.toSorted()).toEqual(["npm", "production", "registry", "staging"]);
  const settings = section("Set up GKE");
  expect(settings).toContain("for name in registry staging production; do\n");
  expect(settings).toContain("--method PUT repos/$REPOSITORY/environments/npm --input -");
  const tags = workflows.flatMap((text) => {
    const { on }: { on: { push?: { tags?: string[] } | null } } = parse(text);
    return on.push?.tags ?? [];
  });
  expect(tags).toHaveLength(2);
  for (const tag of tags) expect(settings).toContain(`"refs/tags/${tag.replace(/\[.*/, "*")}"`);
});

/** The text under a heading. */
const section = (title: string) => guide.split(new RegExp(`^#+ ${title}$`, "m"))[1]?.split(/^#+ /m)[0] ?? "";

it("leads with the Gateway API: a new cluster needs no ingress controller", () => {
  expect(section("Set up GKE")).toContain("gatewayHTTPRoute");
  expect(section("Set up GKE")).not.toContain("kubernetes/ingress-nginx");
});

it("installs the ingress controller with two replicas and a disruption budget", () => {
  const legacy = section("ingress-nginx");
  expect(legacy).toMatch(/scale deployment\/ingress-nginx-controller --replicas=[2-9]/);
  expect(legacy).toMatch(/create poddisruptionbudget ingress-nginx-controller --min-available=1/);
});

it("creates every Secret that a release needs", async () => {
  const { secrets } = await manifestsOf("ci");
  const made = Object.fromEntries(
    [...section("Try a release").matchAll(/create secret generic (\S+) --from-literal=(\w+)=/g)].map(
      ([, name = "", key]) => [name, key],
    ),
  );
  const [, stores = ""] = /for store in (.*); do/.exec(section("Try a release")) ?? [];
  for (const store of stores.split(" ")) made[store] = made.$store;
  delete made.$store;
  // The others are for the component high-availability.
  const needed = secrets.filter(({ metadata }) => !metadata.name.includes("jetstream"));
  expect(made).toEqual(
    Object.fromEntries(
      needed.map(({ metadata, stringData }) => [
        metadata.name,
        Object.keys(stringData).find((key) => key !== "keyfile"),
      ]),
    ),
  );
});

it("creates no Secret that the set-up has already created", async () => {
  const { secrets } = await manifestsOf("ci");
  const afterSetup = blocks.filter((block) => !section("Try a release").includes(block)).join("");
  const created = [...afterSetup.matchAll(/create secret generic (\S+)/g)].map(([, name]) => name);
  expect(secrets.map(({ metadata }) => metadata.name).filter((name) => created.includes(name))).toEqual([]);
});

it("names every kind of manifest that contains the host", async () => {
  const { all } = await manifestsOf("gke");
  const kinds = all.filter((one) => JSON.stringify(one).includes("eventhive.example.com"));
  expect([...new Set(kinds.map(({ kind }) => kind))].toSorted()).toEqual([
    "Certificate",
    "ConfigMap", // PUBLIC_URL
    "HTTPRoute",
    "Probe",
  ]);
  expect(section("Try a release").replaceAll(/\s+/g, " ")).toContain(
    "Patch `PUBLIC_URL` and the load balancer's address in the ConfigMap `settings`, `BACKUP_URL` in the ConfigMap `backup-target`, and the host in the routes, the Certificate and the Probe.",
  );
});

it("fails if the generated Secrets contain the sandbox's key", async () => {
  const command = blocks.join("").match(/^.*sk_test_eventhive infra.*$/m)?.[0] ?? "";
  const folder = temporaryFolder("guide");
  await mkdir(join(folder, "infra/k8s/secrets"), { recursive: true });
  const check = async (key: string) => {
    await writeFile(join(folder, "infra/k8s/secrets/secrets.yaml"), JSON.stringify({ STRIPE_KEY: key }));
    return spawnSync("bash", ["-c", command], { cwd: folder }).status;
  };
  expect(await check("sk_live_1")).toBe(0);
  expect(await check("sk_test_eventhive")).toBe(1);
});

it("upgrades MongoDB from the version that is pinned", async () => {
  const { workloads } = await manifestsOf("gke");
  const [mongo] = workloads.filter(({ metadata }) => metadata.name.endsWith("-mongo"));
  const [, version] = /^mongo:(\d+\.\d+)\./.exec(mongo ? containerOf(mongo).image : "") ?? [];
  const runbook = section("Upgrade a store");
  expect(runbook).toContain(`from ${version} to `);
  expect(runbook).toContain(`featureCompatibilityVersion.version"' # ${version}`);
});

it("republishes from every service with aggregates, and waits for every one that has events", () => {
  const loops = [...guide.matchAll(/for \w+ in ([^;]*); do\n.* republish # republished N\n/g)];
  const republishing = loops.map(([, names = ""]) => names.split(" ").toSorted());
  const withAggregates = databaseServices.toSorted();
  expect(republishing).toEqual([withAggregates, withAggregates]);
  expect(
    guide
      .match(/^waiting ([\w ]+) #/m)?.[1]
      ?.split(" ")
      .toSorted(),
  ).toEqual(["bridge", ...serviceNames].toSorted());
});

it("drops every replica of a database that is older than its sources", () => {
  const dropped = [...guide.matchAll(/\bdrop (\w+ \w+)/g)].map(([, replica = ""]) => replica);
  const replicas = databaseServices.flatMap((service) =>
    readdirSync(join(root, service, "src/models"))
      .map((file) => readFileSync(join(root, service, "src/models", file), "utf8"))
      .flatMap((model) => [...model.matchAll(/defineReplica\(\s*database,\s*"(\w+)"/g)])
      .map(([, name = ""]) => `${service} ${name.toLowerCase()}s`),
  );
  expect(dropped.toSorted()).toEqual(replicas.toSorted());
  const users = guide.match(/for service in ([^;]*); do drop \$service bans; done/)?.[1];
  expect(users?.split(" ").toSorted()).toEqual(databaseServices.toSorted());
});

it("names every program that its commands need", () => {
  const [introduction = ""] = guide.split("\n## ", 1);
  const starts =
    /(?:^|[|(;&]|\bdo|\bxargs)[ \n]*(?:[A-Z_]+=\S+ )*(cosign|crane|curl|dig|docker|gcloud|gh|git|go|helm|jq|kubectl|node|openssl|perl|skaffold)\b/gm;
  const used = new Set(blocks.flatMap((text) => [...text.matchAll(starts)].map(([, name = ""]) => name)));
  expect(used.size).toBeGreaterThan(7);
  const isNamed = (name: string) => introduction.includes(name === "node" ? "Node.js" : `\`${name}\``);
  expect([...used].filter((name) => !isNamed(name))).toEqual([]);
});

it("runs from top to bottom with recording programs: sets every variable, and sends valid JSON", () => {
  const { status, stderr, calls, bodies } = recordGuide();
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/unbound|syntax/) });
  expect(calls.length).toBeGreaterThan(180);
  const patches = calls.flatMap((call) => call.filter((_, n) => call[n - 1] === "--patch"));
  expect(patches.length).toBeGreaterThan(8);
  for (const json of [...patches, ...bodies]) expect(() => JSON.parse(json)).not.toThrow();
});

it("contains valid YAML only", () => {
  const shown = [...guide.matchAll(/<<END\n([\s\S]*?)\n *END$/gm)].map(([, text = ""]) => text);
  expect(shown).toHaveLength(8);
  for (const text of shown)
    for (const { errors } of parseAllDocuments(text.replaceAll("$", ""))) expect(errors).toEqual([]);
});
