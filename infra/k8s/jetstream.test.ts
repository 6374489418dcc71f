import { jetStream } from "../local/known-servers";
import { serviceNames } from "../services";
import { containerOf, render, type Rendered } from "./render";

let rendered: Rendered;
beforeAll(async () => {
  rendered = await render("gke", { add: ["jetstream", "bridge"] });
});

const workload = (name: string) => {
  const found = rendered.workloads.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`There is no workload ${name}`);
  return found;
};

it.each(["jetstream", "bridge"])("the pods of %s are restricted, and have limits and probes", (name) => {
  const { spec } = workload(name);
  expect(spec.template.spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "server",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: expect.any(String) }, limits: { memory: expect.any(String) } },
        startupProbe: expect.anything(),
        livenessProbe: expect.anything(),
        readinessProbe: expect.anything(),
      },
    ],
  });
});

it("JetStream runs with the flags and the configuration of `npm start`, a token and a volume", () => {
  const place = { host: "HOST", port: "PORT", folder: "/data" };
  const flags = Object.entries(jetStream.flags(place))
    .filter(([flag, value]) => flag !== "-c" && !["HOST", "PORT"].includes(value))
    .map(([flag, value]) => (value ? `${flag}=${value}` : flag));
  expect(containerOf(workload("jetstream")).args).toEqual(
    expect.arrayContaining(["--auth=$(NATS_TOKEN)", ...flags]),
  );
  const configuration = rendered.configMaps.find(({ metadata }) => metadata.name === "jetstream");
  expect(configuration?.data["server.conf"]).toBe(jetStream.configuration);
  expect(workload("jetstream").spec.volumeClaimTemplates).toHaveLength(1);
});

it("every service and the bridge get the address of JetStream, after the token in it", () => {
  const address = { name: "JETSTREAM_URL", value: "nats://$(NATS_TOKEN)@$(JETSTREAM_SERVERS)" };
  for (const name of [...serviceNames, "bridge"]) {
    const { env } = containerOf(workload(name));
    expect(env).toContainEqual(address);
    const names = env.map((variable) => variable.name);
    expect(names.indexOf("NATS_TOKEN")).toBeLessThan(names.indexOf("JETSTREAM_URL"));
  }
});

it("the bridge runs the program of common, in an image that contains it, and its metrics are collected", () => {
  const { image, args } = containerOf(workload("bridge"));
  expect([image, args]).toEqual(["eventhive/expiration", ["node", "../common/dist/bridge.js"]]);
  const service = rendered.services.find(({ metadata }) => metadata.name === "bridge");
  expect(service?.metadata.labels).toMatchObject({ role: "service" });
  const policy = rendered.policies.find(({ metadata }) => metadata.name === "prometheus-to-services");
  expect(policy?.spec.podSelector.matchExpressions?.[0]?.values).toContain("bridge");
});

it("after the migration, nothing of NATS Streaming is left", async () => {
  const after = await render("gke", { add: ["jetstream", "jetstream-only"] });
  const settings = after.configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"));
  expect(settings?.data.BROKER).toBe("jetstream");
  const named = [...after.workloads, ...after.services, ...after.policies].map(
    ({ metadata }) => metadata.name,
  );
  expect(named).toContain("jetstream");
  expect(named).not.toContain("nats");
});
