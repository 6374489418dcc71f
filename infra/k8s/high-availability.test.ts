import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { jetStreamBus } from "../../common/src/messaging/jetstream/bus";
import type { EventBus } from "../../common/src/messaging/event-bus";
import { newIds } from "../../common/src/testing/ids";
import { readLog } from "../../common/src/testing/read-log";
import { eventually } from "../../common/src/testing/eventually";
import { startBrokerProcess, type BrokerProcess } from "../../common/test/broker-process";
import { jetStream } from "../local/known-servers";
import { freePort } from "../local/port";
import { root } from "../local/program";
import { databaseServices, serviceNames } from "../services";
import { jetStreamUsers, usersFile } from "./jetstream-users";
import { containerOf, render, type NetworkPolicy, type Rendered } from "./render";

const guide = readFileSync(join(root, "docs/operating.md"), "utf8");

const stores = [...databaseServices.map((name) => `${name}-mongo`), "jetstream"];

describe("in the overlay gke-ha", () => {
  let rendered: Rendered;
  beforeAll(async () => {
    rendered = await render("gke-ha");
  });

  const workload = (name: string) => {
    const found = rendered.workloads.find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`There is no workload ${name}`);
    return found;
  };
  const settings = () =>
    rendered.configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"))?.data ?? {};

  it.each(stores)(
    "%s has three members on different nodes and zones, of which one may be evicted",
    (name) => {
      const { spec } = workload(name);
      expect(spec.replicas).toBe(3);
      expect(spec.template.metadata).toEqual({ labels: { app: name, role: "store" } });
      expect(spec.template.spec.topologySpreadConstraints).toMatchObject([
        { topologyKey: "kubernetes.io/hostname", minDomains: 3, whenUnsatisfiable: "DoNotSchedule" },
        { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
      ]);
      const budget = rendered.budgets.find(({ metadata }) => metadata.name === name);
      expect(budget?.spec).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: { app: name } } });
    },
  );

  it.each(stores)("%s starts all members at once, each of which counts once it has its data", (name) => {
    const { podManagementPolicy, template } = workload(name).spec;
    expect(podManagementPolicy).toBe("Parallel"); // the first may need the others to be ready
    const [{ startupProbe, args = [] } = {}] = template.spec.containers;
    const { tcpSocket, periodSeconds, failureThreshold } = startupProbe ?? {};
    expect(tcpSocket).toBeUndefined();
    const isJetStream = name === "jetstream";
    const byHello = { exec: { command: ["mongosh", "--quiet", "--eval", expect.any(String)] } };
    expect(startupProbe).toMatchObject(
      isJetStream ? { httpGet: { path: "/healthz", port: "monitor" } } : byHello,
    );
    expect(args.includes("-m=8222")).toBe(isJetStream);
    expect(Number(periodSeconds) * Number(failureThreshold)).toBe(24 * 3600); // copying all data may take hours
  });

  it.each(stores)("the members of %s reach each other before the next one restarts", (name) => {
    expect(workload(name).spec.minReadySeconds).toBeGreaterThan(20); // see decision 0105
  });

  it("a deployment does not wait for a member that copies data: it fails, as the guide warns", () => {
    const { profiles }: { profiles: Profile[] } = parse(readFileSync(join(root, "skaffold.yaml"), "utf8"), {
      merge: true,
    });
    const deadline = profiles
      .find(({ name }) => name === "gke")
      ?.patches?.find(({ path }) => path === "/deploy/statusCheckDeadlineSeconds")?.value;
    const [{ startupProbe } = {}] = workload("orders-mongo").spec.template.spec.containers;
    const { periodSeconds, failureThreshold } = startupProbe ?? {};
    expect(deadline).toBeGreaterThan(3 * 150); // a member that has its data is available within 2.5 minutes
    expect(deadline).toBeLessThan(Number(periodSeconds) * Number(failureThreshold));
    expect(guide).toMatch(/^\| `StoreDegraded` .* Until then, every deployment fails and is rolled back/m);
    expect(guide).toMatch(/If JetStream was already in use and this deployment fails, run it again/);
  });

  it.each([
    ["a primary", { setName: "eventhive", isWritablePrimary: true, secondary: false }, 0],
    ["a secondary", { setName: "eventhive", isWritablePrimary: false, secondary: true }, 0],
    ["a server that is in no set yet", { isWritablePrimary: false, secondary: false }, 0],
    ["a member that copies data", { setName: "eventhive", isWritablePrimary: false, secondary: false }, 1],
  ])("the probe of a MongoDB recognizes %s", (_, hello, code) => {
    const [{ startupProbe } = {}] = workload("orders-mongo").spec.template.spec.containers;
    const quit = jest.fn();
    runInNewContext(startupProbe?.exec?.command.at(-1) ?? "", { db: { hello: () => hello }, quit });
    expect(quit.mock.calls).toEqual([[code]]);
  });

  it("has one Redis, and no NATS Streaming", () => {
    const all = rendered.workloads.filter(({ kind }) => kind === "StatefulSet");
    expect(all.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      ["expiration-redis", ...stores].toSorted(),
    );
    expect(workload("expiration-redis").spec.replicas ?? 1).toBe(1);
    expect(settings().BROKER).toBe("jetstream");
  });

  it.each(databaseServices)(
    "the members of %s's database share a keyfile, and its services know all of them",
    (name) => {
      const { template } = workload(`${name}-mongo`).spec;
      const secret = { secretName: `${name}-mongo`, items: [{ key: "keyfile", path: "keyfile" }] };
      expect(template.spec).toMatchObject({ volumes: expect.arrayContaining([{ name: "keyfile", secret }]) });
      expect(template.spec.containers[0]).toMatchObject({
        args: expect.arrayContaining(["--replSet=eventhive", "--keyFile=/tmp/keyfile"]),
        volumeMounts: expect.arrayContaining([{ name: "keyfile", mountPath: "/etc/mongo", readOnly: true }]),
      });
      expect(settings()[`${name.toUpperCase()}_MONGO`]).toBe(
        [0, 1, 2].map((n) => `${name}-mongo-${n}.${name}-mongo:27017`).join(","),
      );
      const job = rendered.cronJobs.find(({ metadata }) => metadata.name === `${name}-mongo-members`);
      const [container] = job?.spec.jobTemplate.spec.template.spec.containers ?? [];
      expect(container).toMatchObject({
        image: `eventhive/${name}`,
        args: ["node", "../common/dist/replica-set.js"],
      });
      const address = ({ env }: { env: { name: string; value?: string }[] }) =>
        env.find((variable) => variable.name === "MONGO_URL")?.value;
      expect(container && address(container)).toBe(address(containerOf(workload(name))));
    },
  );

  it("a failed job of the members is removed before the chart's alert KubeJobFailed fires", () => {
    const jobs = rendered.cronJobs.filter(({ metadata }) => metadata.name.endsWith("-members"));
    expect(jobs).toHaveLength(databaseServices.length);
    for (const { spec } of jobs) expect(spec.jobTemplate.spec.ttlSecondsAfterFinished).toBeLessThan(15 * 60);
  });

  it("the way back to single members deletes the jobs of the members, which would fail from then on", () => {
    const ofMembers = rendered.cronJobs.filter(({ metadata }) => metadata.labels?.role === "members");
    expect(ofMembers.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      databaseServices.map((name) => `${name}-mongo-members`).toSorted(),
    );
    const wayBack = guide.split("**Roll back** to single members.")[1]?.split("\n## ")[0];
    expect(wayBack).toContain("\nkubectl -n eventhive delete cronjobs --selector=role=members");
  });

  it("members reach each other, and jobs reach the members, by rules on both ends", () => {
    const rules = (policy: NetworkPolicy, kind: "ingress" | "egress") =>
      (policy.spec[kind] ?? []).flatMap((rule) =>
        (rule.from ?? rule.to ?? []).flatMap(({ podSelector }) =>
          rule.ports.map(({ port }) => `${podSelector?.matchLabels?.app}:${port}`),
        ),
      );
    const of = (app: string, kind: "ingress" | "egress") =>
      rendered.policies
        .filter(({ spec }) => spec.podSelector.matchLabels?.app === app)
        .flatMap((policy) => rules(policy, kind));
    for (const name of databaseServices.map((service) => `${service}-mongo`)) {
      expect(of(name, "egress")).toEqual([`${name}:27017`]);
      expect(of(name, "ingress")).toEqual(expect.arrayContaining([`${name}:27017`, `${name}-members:27017`]));
      expect(of(`${name}-members`, "egress")).toEqual([`${name}:27017`]);
    }
    expect(of("jetstream", "egress")).toEqual(["jetstream:6222"]);
    expect(of("jetstream", "ingress")).toContain("jetstream:6222");
  });

  it("each service is a user of its own of JetStream", () => {
    for (const name of serviceNames) {
      const { env } = containerOf(workload(name));
      const secretKeyRef = (key: string) => ({ secretKeyRef: { name: `${name}-jetstream`, key } });
      expect(env).toContainEqual({ name: "JETSTREAM_CREDENTIALS", valueFrom: secretKeyRef("seed") });
      expect(env).toContainEqual({ name: "JETSTREAM_URL", value: "nats://$(JETSTREAM_SERVERS)" });
      const server = containerOf(workload("jetstream"));
      expect(server.env).toContainEqual({
        name: `${name.toUpperCase()}_NKEY`,
        valueFrom: secretKeyRef("public"),
      });
      expect(JSON.stringify(server)).not.toContain("NATS_TOKEN");
    }
    expect(settings()).toMatchObject({ JETSTREAM_REPLICAS: "3" });
  });

  it("one-node lets members share a node", async () => {
    const { workloads } = await render("gke-ha", { add: ["one-node"] });
    const spread = workloads.filter(
      ({ kind, spec }) => kind === "StatefulSet" && spec.template.spec.topologySpreadConstraints,
    );
    expect(spread).toEqual([]);
  });
});

it("during a migration, the bridge is a user of its own, too, in the order that the guides name", async () => {
  const { workloads } = await render("gke", { add: ["jetstream", "bridge", "high-availability"] });
  const bridge = workloads.find(({ metadata }) => metadata.name === "bridge");
  const env = bridge ? containerOf(bridge).env : [];
  const secretKeyRef = { name: "bridge-jetstream", key: "seed" };
  expect(env).toContainEqual({ name: "JETSTREAM_CREDENTIALS", valueFrom: { secretKeyRef } });
  expect(env).toContainEqual({ name: "JETSTREAM_URL", value: "nats://$(JETSTREAM_SERVERS)" });
  const read = (path: string) => readFileSync(join(root, path), "utf8").replaceAll(/\s+/g, " ");
  expect(read("docs/operating.md")).toContain("`high-availability` after `jetstream` and `bridge`");
  expect(read("infra/k8s/README.md")).toContain("`high-availability`, after `jetstream`, `bridge` and");
  expect(read("infra/k8s/components/high-availability/kustomization.yaml")).toMatch(
    /List this after jetstream, bridge( #)? and/,
  );
});

it("with external stores, the cluster has none, and addresses and credentials come from one Secret", async () => {
  const { workloads, services, cronJobs } = await render("gke", { add: ["external-stores"] });
  expect(workloads.filter(({ kind }) => kind === "StatefulSet")).toEqual([]);
  expect(services.filter(({ metadata }) => metadata.labels?.role === "store")).toEqual([]);
  const containers = [
    ...workloads.map(containerOf),
    ...cronJobs.map(({ spec }) => spec.jobTemplate.spec.template.spec.containers[0]),
  ];
  const read = containers.flatMap(({ env }) =>
    env.map(({ valueFrom }) => valueFrom?.secretKeyRef.name ?? ""),
  );
  expect(read.filter((name) => /mongo|redis|nats/.test(name))).toEqual([]);
  expect(read.filter((name) => name === "external-stores")).toHaveLength(5 + 5 + 5 + 4);
});

it("the permissions follow from the contract", () => {
  expect(readFileSync(join(root, usersFile), "utf8")).toBe(jetStreamUsers()); // `npm run fixtures` writes it
});

describe("three servers with the users of the manifests", () => {
  const configuration = join(root, usersFile, "../cluster.conf");
  let brokers: BrokerProcess[];
  let servers: string;
  let seeds: Record<string, string>;
  const buses: EventBus[] = [];

  beforeAll(async () => {
    const { secrets } = await render("ci");
    seeds = {};
    for (const { metadata, stringData } of secrets) {
      const [name = "", kind] = metadata.name.split("-");
      if (kind !== "jetstream") continue;
      seeds[name] = stringData.seed ?? "";
      process.env[`${name.toUpperCase()}_NKEY`] = stringData.public; // the servers inherit it
    }
    const numbers = [1, 2, 3];
    const ports = await Promise.all(numbers.map(freePort));
    const clusterPorts = await Promise.all(numbers.map(freePort));
    const routes = clusterPorts.map((port) => `nats://cluster:password@127.0.0.1:${port}`).join(",");
    const start = (n: number) =>
      startBrokerProcess(
        process.env.NATS_SERVER_BINARY ?? "nats-server",
        (folder) =>
          [
            `-c ${configuration} -js -sd ${join(folder, "store")} -a 127.0.0.1 -p ${ports[n]}`,
            `--name jetstream-${n} --cluster_name eventhive --routes ${routes}`,
            `--cluster nats://cluster:password@127.0.0.1:${clusterPorts[n]}`,
          ].flatMap((flags) => flags.split(" ")),
        "Server is ready",
      );
    brokers = await Promise.all([0, 1, 2].map(start));
    servers = ports.map((port) => `127.0.0.1:${port}`).join(",");
  });
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await Promise.all(brokers.map((broker) => broker.remove()));
  });

  function busOf(name: string): EventBus {
    const bus = jetStreamBus({ name, url: `nats://${servers}`, credentials: seeds[name], replicas: 3 });
    buses.push(bus);
    return bus;
  }

  it("a service publishes its own events and receives those meant for it, also after a server was killed", async () => {
    const [tickets, orders] = [busOf("tickets"), busOf("orders")];
    const received: string[] = [];
    orders.subscribe("ticket:created", async ({ bytes }) => void received.push(bytes.toString()));
    const publish = (text: string) =>
      eventually(() => tickets.publish("ticket:created", Buffer.from(text), newIds()));
    await publish("a");
    await eventually(() => expect(received).toContain("a"));
    await brokers[0]?.stop();
    await publish("b");
    await eventually(() => expect(received).toContain("b"));
    await brokers[0]?.start();
  });

  it("a service reads its backlog, the size and the log of the stream, and watches its events", async () => {
    const [tickets, orders] = [busOf("tickets"), busOf("orders")];
    const watched: string[] = [];
    orders.watch("ticket:updated", ({ bytes }) => void watched.push(bytes.toString()));
    await eventually(() => orders.storedBytes());
    await eventually(() => tickets.publish("ticket:updated", Buffer.from("a"), newIds()));
    await eventually(() => expect(watched).toContain("a"));
    await eventually(async () => expect(await orders.undeliveredMs("ticket:updated")).toBeGreaterThan(0));
    expect(await orders.storedBytes()).toBeGreaterThan(0);
    const logged: string[] = [];
    for await (const batch of readLog(orders, "ticket:updated"))
      logged.push(...batch.map(({ bytes }) => bytes.toString()));
    expect(logged).toContain("a");
  });

  it("the bridge publishes and receives the events of all services", async () => {
    const bridge = busOf("bridge");
    const received: string[] = [];
    bridge.subscribe("order:created", async ({ bytes }) => void received.push(bytes.toString()));
    await eventually(() => bridge.publish("order:created", Buffer.from("a"), newIds()));
    await eventually(() => expect(received).toContain("a"));
  });

  it("all servers store the stream, and write at once to disk, as without high availability", async () => {
    const tickets = busOf("tickets");
    await eventually(() => tickets.publish("ticket:created", Buffer.from("a"), newIds()));
    const client = await connectAs("payments");
    const manager = await jetstreamManager(client, { checkAPI: false });
    await eventually(async () => {
      const { config, cluster } = await manager.streams.info("eventhive");
      expect(config.num_replicas).toBe(3);
      expect(cluster?.replicas).toHaveLength(2); // besides the leader
    });
    await client.close();
    expect(readFileSync(configuration, "utf8")).toContain(jetStream.configuration);
  });

  const connectAs = (name: string) =>
    connect({
      servers: servers.split(","),
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seeds[name])),
      inboxPrefix: `_INBOX_${name}`,
    });

  it("a service is refused everything else", async () => {
    const client = await connectAs("payments");
    const refused = [
      "eventhive.ticket.created.1",
      "$JS.API.CONSUMER.MSG.NEXT.eventhive.orders-ticket:created",
      "$JS.API.CONSUMER.CREATE.eventhive.payments-order:created.eventhive.>",
      "$JS.API.CONSUMER.DELETE.eventhive.payments-order:created",
      "$JS.API.STREAM.DELETE.eventhive",
      "$JS.API.STREAM.UPDATE.eventhive",
      "$JS.API.STREAM.PURGE.eventhive",
    ];
    for (const subject of refused)
      await expect(client.request(subject, "", { timeout: 2000 })).rejects.toThrow(/permission/i);
    for (const subject of ["_INBOX_orders.>", "eventhive.ticket.created.*", ">"]) {
      const failure = new Promise<unknown>((resolve) => {
        client.subscribe(subject, { callback: (error) => resolve(error) });
      });
      expect(String(await failure)).toMatch(/permission/i);
    }
    await client.close();
  });

  it("without a private key, a client is refused", async () => {
    await expect(connect({ servers: servers.split(","), token: "token", reconnect: false })).rejects.toThrow(
      /authorization/i,
    );
  });
});

interface Profile {
  name: string;
  patches?: { path: string; value: unknown }[];
}
