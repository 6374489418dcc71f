import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exposeMetrics } from "../../common/src/base/metrics";
import { durationInSeconds } from "../../common/src/base/settings";
import { natsStreaming, redis } from "../local/known-servers";
import { databaseServices, serviceNames } from "../services";
import { containerOf, podTemplatesOf, render, type Rendered, type Workload } from "./render";

const appNames = [...serviceNames, "client"];
const mongos = databaseServices.map((name) => `${name}-mongo`);

describe.each(["local", "ci", "ci-ha", "release", "gke", "gke-ha"])("in the overlay %s", (overlay) => {
  const alone = overlay === "local" || overlay === "release"; // one process of each
  const isProduction = overlay.startsWith("gke");
  const withMembers = overlay.endsWith("-ha") ? [...mongos, "jetstream"] : [];
  const storeNames = [...mongos, "expiration-redis", overlay.endsWith("-ha") ? "jetstream" : "nats"];
  let rendered: Rendered;
  let services: Workload[];
  let stores: Workload[];
  beforeAll(async () => {
    rendered = await render(overlay);
    services = rendered.workloads.filter(({ metadata }) => metadata.labels?.role === "service");
    stores = rendered.workloads.filter(({ metadata }) => metadata.labels?.role === "store");
  });

  it("contains every service and store, in one namespace that admits only restricted pods", () => {
    expect(namesOf(services)).toEqual(appNames.toSorted());
    expect(namesOf(stores)).toEqual(storeNames.toSorted());
    const inside = rendered.all.filter(({ kind }) => kind !== "Namespace");
    expect(new Set(inside.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["eventhive"]));
    expect(rendered.all).toContainEqual(
      expect.objectContaining({
        kind: "Namespace",
        metadata: expect.objectContaining({
          name: "eventhive",
          labels: expect.objectContaining({ "pod-security.kubernetes.io/enforce": "restricted" }),
        }),
      }),
    );
  });

  it("every pod is restricted, and has no API token", () => {
    for (const { metadata, spec } of podTemplatesOf(rendered)) {
      const copiesFilesIn = overlay === "local" && appNames.includes(metadata.labels.app ?? "");
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: expect.any(Number),
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: !copiesFilesIn,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      });
    }
  });

  it("production opts in to admission control", () => {
    const [namespace] = rendered.all.filter(({ kind }) => kind === "Namespace");
    expect(namespace?.metadata.labels?.["policy.sigstore.dev/include"]).toBe(
      isProduction ? "true" : undefined,
    );
  });

  it("every container has resource requests, a memory limit and probes", () => {
    for (const workload of rendered.workloads) {
      expect(containerOf(workload)).toMatchObject({
        name: "server", // the patches of base apply by this name
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        },
        startupProbe: expect.anything(),
        livenessProbe: expect.anything(),
        readinessProbe: expect.anything(),
      });
    }
  });

  it("a service loses no request during a rollout", () => {
    const settings = rendered.configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"))?.data;
    const shutdownTimeout = durationInSeconds().parse(settings?.SHUTDOWN_TIMEOUT);
    for (const workload of services) {
      const lag = isProduction && workload.metadata.name !== "expiration" ? 30 : 5; // until no more requests arrive
      expect(workload.spec.strategy).toMatchObject({ rollingUpdate: { maxUnavailable: 0 } });
      expect(containerOf(workload)).toMatchObject({
        startupProbe: { httpGet: { path: "/livez" } },
        livenessProbe: { httpGet: { path: "/livez" } },
        readinessProbe: { httpGet: { path: "/readyz" } },
        lifecycle: { preStop: { sleep: { seconds: lag } } },
      });
      const { terminationGracePeriodSeconds } = workload.spec.template.spec;
      expect(terminationGracePeriodSeconds).toBeGreaterThan(lag + shutdownTimeout); // preStop comes first
    }
  });

  it("every store has a volume, and an address that does not depend on probes", () => {
    for (const { metadata, spec } of stores) {
      expect(spec.volumeClaimTemplates).toHaveLength(1);
      const { runAsUser, fsGroup } = spec.template.spec.securityContext ?? {};
      expect(fsGroup).toBe(runAsUser); // otherwise it could not write to the volume
      expect(spec.serviceName).toBe(metadata.name);
      const service = rendered.services.find(({ metadata: { name } }) => name === metadata.name);
      expect(service?.spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
    }
  });

  it("keeps data on volume claims: what a pod takes along is temporary", () => {
    const names = podTemplatesOf(rendered).flatMap(({ spec: { volumes = [] } }) =>
      volumes.filter(({ emptyDir }) => emptyDir).map(({ name }) => name),
    );
    expect(new Set(names)).toEqual(new Set(["tmp", "cache"]));
  });

  it("a store restarts only if its own spec changes: it shares no label, annotation or setting", async () => {
    for (const { metadata, spec } of stores) {
      expect(spec.template.metadata).toEqual({
        labels: { app: metadata.name, role: "store" },
        ...(isProduction && !withMembers.includes(metadata.name)
          ? { annotations: { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" } }
          : {}),
      });
      expect(spec.volumeClaimTemplates?.map((claim) => claim.metadata)).toEqual([{ name: "data" }]); // immutable
    }
    const next = await render(overlay, {
      entries: {
        configMapGenerator: [{ name: "settings", behavior: "merge", literals: ["LOG_LEVEL=debug"] }],
        images: appNames.map((name) => ({ name: `eventhive/${name}`, newTag: "next" })),
        labels: [{ pairs: { "app.kubernetes.io/version": "next" } }],
      },
    });
    const specsOf = ({ workloads }: Rendered, kind: string) =>
      workloads
        .filter((workload) => workload.kind === kind && workload.metadata.name !== "stripe-sandbox")
        .map(({ spec }) => spec);
    expect(specsOf(next, "StatefulSet")).toEqual(specsOf(rendered, "StatefulSet"));
    for (const [n, spec] of specsOf(next, "Deployment").entries())
      expect(spec.template).not.toEqual(specsOf(rendered, "Deployment")[n]?.template);
  });

  it("every workload has a Service of the same name that selects only its pods", () => {
    expect(namesOf(rendered.services)).toEqual(namesOf(rendered.workloads));
    for (const { metadata, spec } of rendered.services) {
      const selected = rendered.workloads.filter(
        ({ spec: { template } }) => template.metadata.labels.app === spec.selector.app,
      );
      expect(selected.map((one) => one.metadata.name)).toEqual([metadata.name]);
    }
  });

  it("every image is pinned, except for our own, whose tags skaffold sets", () => {
    const images = rendered.workloads.map((workload) => containerOf(workload).image);
    expect(images.filter((image) => !/^eventhive\/[a-z-]+$/.test(image) && !isPinned(image))).toEqual([]);
  });

  it("every service with several processes has a disruption budget", () => {
    const scaled = rendered.autoscalers.map(
      ({ spec }) => [spec.scaleTargetRef.name, spec.minReplicas] as const,
    );
    const written = rendered.workloads.map(
      ({ metadata, spec }) => [metadata.name, spec.replicas ?? 1] as const,
    );
    const replicas = Object.fromEntries([...written, ...scaled]);
    const many = Object.keys(replicas).filter((name) => (replicas[name] ?? 1) >= 2);
    expect(many.toSorted()).toEqual(alone ? [] : [...appNames, ...withMembers].toSorted());
    expect(namesOf(rendered.budgets)).toEqual(many.toSorted());
    for (const { metadata, spec } of rendered.budgets)
      expect(spec.selector).toEqual({ matchLabels: { app: metadata.name } });
    expect(Object.keys(replicas).toSorted()).toEqual(namesOf(rendered.workloads)); // every autoscaler has a workload
    expect(scaled.map(([name]) => name).toSorted()).toEqual(
      alone ? [] : [...databaseServices, "client"].toSorted(),
    );
    // With `replicas`, each deployment would reset the number of processes.
    const counted = rendered.workloads.filter(({ spec }) => spec.replicas !== undefined);
    expect(namesOf(counted).filter((name) => scaled.some(([other]) => other === name))).toEqual([]);
  });

  it("with monitoring, services with streams also scale by open streams", async () => {
    const byStreams = {
      type: "Pods",
      pods: { metric: { name: "open_streams" }, target: { type: "AverageValue", averageValue: "500" } },
    };
    const scaled = rendered.autoscalers.filter(({ spec }) => JSON.stringify(spec).includes("open_streams"));
    expect(namesOf(scaled)).toEqual(isProduction ? ["orders", "tickets"] : []);
    for (const { spec } of scaled)
      expect(spec.metrics).toEqual([expect.objectContaining({ type: "Resource" }), byStreams]);
    expect(await exposeMetrics()).toMatch(/^open_streams \d+$/m);
  });

  it("services with several processes are spread over nodes and zones", () => {
    for (const { spec } of services)
      expect(spec.template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual(
        alone ? undefined : ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
      );
  });

  it("the stores run with the flags of `npm start`, and require a password or token", () => {
    const place = { host: "HOST", port: "PORT", folder: "FOLDER" };
    const flagsOf = ({ flags }: typeof redis) =>
      Object.entries(flags(place)).filter(([, value]) => !Object.values(place).includes(value));
    const argsOf = (name: string) => {
      const store = stores.find(({ metadata }) => metadata.name === name);
      return store && containerOf(store).args;
    };
    const ofNats = ["-auth=$(NATS_TOKEN)", ...flagsOf(natsStreaming).map((flag) => flag.join("="))];
    expect(argsOf("nats") ?? []).toEqual(
      expect.arrayContaining(storeNames.includes("nats") ? ofNats : []), // or JetStream, with users of its own
    );
    const password = ["--protected-mode", "no"]; // replaced by a password
    const flags = flagsOf(redis)
      .flat()
      .filter((word) => !password.includes(word));
    expect(argsOf("expiration-redis")).toEqual(
      expect.arrayContaining(["--requirepass", "$(REDIS_PASSWORD)", ...flags]),
    );
    for (const store of stores.filter(({ metadata }) => metadata.name.endsWith("-mongo")))
      expect(containerOf(store).env.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"]),
      );
  });
});

it("every image that any manifest names is pinned, also in components that no overlay lists", async () => {
  const names = (await readdir(__dirname, { recursive: true })).filter((name) => name.endsWith(".yaml"));
  const texts = await Promise.all(names.map((name) => readFile(join(__dirname, name), "utf8")));
  const images = texts.flatMap((text) =>
    [...text.matchAll(/\bimage: (\S+)/g)].map(([, image = ""]) => image),
  );
  const foreign = images.filter((image) => !image.startsWith("eventhive/"));
  expect(foreign.map((image) => image.replace(/:.*/, "")).toSorted()).toEqual([
    "mongo",
    "nats",
    "nats-streaming",
    "redis",
  ]);
  expect(foreign.filter((image) => !isPinned(image))).toEqual([]);
});

it.each([
  "mongo",
  "mongo:latest",
  "redis:7",
  "mongo:7.0",
  "mongo:7.0.43-jammy",
  "nats:2.15.3-alpine",
  `mongo@sha256:${"0".repeat(64)}`,
])("does not accept %s as pinned", (image) => {
  expect(isPinned(image)).toBe(false);
});

/** By full version, for readers and Dependabot, and by digest, for the cluster. */
function isPinned(image: string): boolean {
  return /^[\w./-]+:\d+\.\d+\.\d+[\w.-]*@sha256:[\da-f]{64}$/.test(image);
}

const namesOf = (objects: { metadata: { name: string } }[]) =>
  objects.map(({ metadata }) => metadata.name).toSorted();
