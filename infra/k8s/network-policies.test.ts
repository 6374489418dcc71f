import {
  manifestsOf,
  podTemplatesOf,
  render,
  type NetworkPolicy,
  type Rendered,
  type Selector,
} from "./render";
import { databaseServices, serviceNames } from "../services";

const edgesEverywhere = [
  "outside → auth:3000",
  "outside → tickets:3000",
  "outside → orders:3000",
  "outside → payments:3000",
  "outside → client:3000",
  "client → auth:3000",
  "client → tickets:3000",
  "client → orders:3000",
  "client → payments:3000",
  "auth → auth-mongo:27017",
  "tickets → tickets-mongo:27017",
  "orders → orders-mongo:27017",
  "payments → payments-mongo:27017",
  "expiration → expiration-redis:6379",
  // Every service has listeners, whose backlog it measures by the broker's monitoring.
  ...serviceNames.flatMap((app) => [`${app} → nats:4222`, `${app} → nats:8222`]),
];
const toSandbox = ["payments → stripe-sandbox:3000", "client → stripe-sandbox:3000"];
const monitored = serviceNames.flatMap((app) => [
  `monitoring/prometheus → ${app}:3000`,
  `${app} → monitoring/opentelemetry-collector:4318`,
]);
/** Google's load balancer and health checks. */
const fromGoogle = ["35.191.0.0/16", "130.211.0.0/22"].flatMap((range) =>
  [...databaseServices, "client"].map((app) => `${range} → ${app}:3000`),
);
const backup = databaseServices.map((name) => `backup-${name} → ${name}-mongo:27017`);
const outside = "0.0.0.0/0 except 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16:443";
const toStripe = `payments → ${outside}`;
const toBucket = databaseServices.map((name) => `backup-${name} → ${outside}`);
/** With the components jetstream and bridge. */
const migration = [
  ...[...serviceNames, "bridge"].map((app) => `${app} → jetstream:4222`),
  "bridge → nats:4222",
  "bridge → nats:8222",
];
const members = databaseServices.flatMap((name) => [
  `${name}-mongo → ${name}-mongo:27017`,
  `${name}-mongo-members → ${name}-mongo:27017`,
]);
const highAvailability = [
  ...edgesEverywhere.filter((edge) => !edge.includes("→ nats:")),
  ...members,
  ...serviceNames.map((app) => `${app} → jetstream:4222`),
  "jetstream → jetstream:6222",
];
const toSmtp = [465, 587].map((port) => `auth → ${outside.replace(/443$/, String(port))}`);
/** Policies that other tests check. */
const others = ["everyone-to-dns", "outside-to-challenges", "google-to-challenges"];

it.each([
  ["local", [...edgesEverywhere, ...toSandbox]],
  ["ci", [...edgesEverywhere, ...toSandbox, ...backup]],
  ["release", [...edgesEverywhere, ...toSandbox]],
  ["gke", [...edgesEverywhere, ...fromGoogle, ...monitored, toStripe, ...backup, ...toBucket]],
  ["gke-ha", [...highAvailability, ...fromGoogle, ...monitored, toStripe, ...backup, ...toBucket]],
  ["release, with smtp", [...edgesEverywhere, ...toSandbox, ...toSmtp]],
  ["ci, with jetstream and bridge,", [...edgesEverywhere, ...toSandbox, ...backup, ...migration]],
])("the overlay %s allows exactly these connections, at both ends", async (name, edges) => {
  const [overlay = "", ...components] = name.split(/, with | and |,/).filter(Boolean);
  const rendered = await (components.length > 0
    ? render(overlay, { add: components })
    : manifestsOf(overlay));
  const apps = podTemplatesOf(rendered).map(({ metadata }) => metadata.labels.app ?? "");
  const inside = (edge: string) =>
    apps.some((app) => edge.startsWith(`${app} →`)) && apps.some((app) => edge.includes(`→ ${app}:`));
  const accepted = edgesOf(rendered, apps, "ingress");
  const sent = edgesOf(rendered, apps, "egress");
  expect(accepted.filter(inside)).toEqual(sent.filter(inside));
  expect([...new Set([...accepted, ...sent])].toSorted()).toEqual(edges.toSorted());
});

it.each(["local", "ci", "release", "gke", "gke-ha"])(
  "the overlay %s denies all connections by default, and allows DNS",
  async (overlay) => {
    const { policies } = await manifestsOf(overlay);
    const specOf = (name: string) => policies.find(({ metadata }) => metadata.name === name)?.spec;
    expect(specOf("deny-all")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    expect(specOf("everyone-to-dns")).toMatchObject({
      podSelector: {},
      egress: [
        {
          to: [
            inKubeSystem("kube-dns"),
            inKubeSystem("node-local-dns"), // Dataplane V2 treats the resolver on the node as a pod
            { ipBlock: { cidr: "169.254.20.10/32" } },
            { ipBlock: { cidr: "169.254.169.254/32" } },
          ],
          ports: [{ port: 53 }, { port: 53 }],
        },
      ],
    });
  },
);

it("ACME challenges are reachable through every gateway", async () => {
  const { policies } = await manifestsOf("gke");
  for (const [challenges, services] of [
    ["outside-to-challenges", "outside-to-services"],
    ["google-to-challenges", "google-to-services"],
  ]) {
    const specOf = (name?: string) => policies.find(({ metadata }) => metadata.name === name)?.spec;
    expect(specOf(challenges)).toEqual({
      podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
      policyTypes: ["Ingress"],
      ingress: [{ from: specOf(services)?.ingress?.[0]?.from, ports: [{ port: 8089 }] }],
    });
  }
});

const inKubeSystem = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": name } },
});

/** The edges that policies of one side allow. */
function edgesOf({ policies }: Rendered, apps: string[], side: "ingress" | "egress"): string[] {
  return policies
    .filter(({ metadata }) => !others.includes(metadata.name))
    .flatMap((policy) => {
      const own = selected(policy.spec.podSelector, apps);
      const rules = policy.spec[side] ?? [];
      return rules.flatMap((rule) => {
        const peers = (rule.from ?? rule.to ?? ["any" as const]).flatMap((peer) => namesOf(peer, apps));
        return rule.ports.flatMap(({ port }) =>
          own.flatMap((app) =>
            peers.map((peer) =>
              side === "ingress" ? `${peer} → ${app}:${port}` : `${app} → ${peer}:${port}`,
            ),
          ),
        );
      });
    })
    .toSorted();
}

type Peer = NonNullable<NonNullable<NetworkPolicy["spec"]["ingress"]>[number]["from"]>[number];

function namesOf(peer: Peer | "any", apps: string[]): string[] {
  if (peer === "any") return [peer];
  if (peer.ipBlock) {
    const { cidr, except } = peer.ipBlock;
    return [[cidr, ...(except ? ["except", ...except] : [])].join(" ")];
  }
  if (!peer.namespaceSelector) return selected(peer.podSelector ?? {}, apps);
  const { matchLabels = {}, matchExpressions = [] } = peer.namespaceSelector;
  const namespaces = [
    ...Object.values(matchLabels),
    ...matchExpressions.flatMap(({ values }) => values),
  ].toSorted();
  if (namespaces.length === 0) return ["any"];
  if (namespaces.join() === "envoy-gateway-system,ingress,ingress-nginx,nginx-gateway,traefik")
    return ["outside"];
  const pods = Object.values(peer.podSelector?.matchLabels ?? { app: "any" });
  return namespaces.map((namespace) => `${namespace}/${pods.join()}`);
}

function selected({ matchLabels = {}, matchExpressions = [] }: Selector, apps: string[]): string[] {
  const labels = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  if (labels.some((label) => label !== "app"))
    throw new Error(`Unsupported labels in a selector: ${labels.join()}`);
  const wanted = matchExpressions.flatMap(({ values }) => values);
  return apps.filter(
    (app) => (matchLabels.app ?? app) === app && (wanted.length === 0 || wanted.includes(app)),
  );
}
