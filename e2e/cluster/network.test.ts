import { join } from "node:path";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { eventually } from "../../common/src/testing/eventually";
import { kubectl, namespace, pods, rolledOut, runIn, apps } from "./cluster";

/** An address outside the cluster that listens on 80 and 443, if there is one for tests. */
const { OUTSIDE_ADDRESS } = process.env;

const endpoints = [...apps, "stripe-sandbox"].map((name) => `${name}:80`);
const stores = [
  "auth-mongo:27017",
  "tickets-mongo:27017",
  "orders-mongo:27017",
  "payments-mongo:27017",
  "expiration-redis:6379",
  "nats:4222",
  "nats:8222",
];
/** Includes the API server, except on networks that do not filter connections to a pod's own node. */
const elsewhere = OUTSIDE_ADDRESS
  ? ["kubernetes.default:443", `${OUTSIDE_ADDRESS}:80`, `${OUTSIDE_ADDRESS}:443`]
  : [];

const strangers = ["stranger", ...new Set(stores.map((store) => store.split(":", 1)[0] ?? ""))];
const jobs = ["backup-auth", "backup-tickets", "backup-orders", "backup-payments"];
const inNamespace = (name: string) => `probe-${name}`;

beforeAll(async () => {
  await rolledOut();
  const image = (await pods("client"))[0]?.spec.containers[0]?.image ?? "";
  const probed = [...strangers, ...jobs];
  await Promise.all(probed.map((app) => probe(app, image)));
  for (const app of probed) await running(inNamespace(app));
}, 120_000);

afterAll(() => kubectl("delete", "pod", "--selector", "probe=yes", "--grace-period=0", "--force"));

it.each([
  ["auth", ["auth-mongo:27017", "nats:4222", "nats:8222"]],
  ["tickets", ["tickets-mongo:27017", "nats:4222", "nats:8222"]],
  ["orders", ["orders-mongo:27017", "nats:4222", "nats:8222"]],
  ["payments", ["payments-mongo:27017", "nats:4222", "nats:8222", "stripe-sandbox:80"]],
  ["expiration", ["expiration-redis:6379", "nats:4222", "nats:8222"]],
  ["client", ["auth:80", "tickets:80", "orders:80", "payments:80", "stripe-sandbox:80"]],
])("%s reaches what the design names and nothing else", async (service, allowed) => {
  const [pod] = await pods(service);
  expect(await reachable(pod?.metadata.name ?? "")).toEqual(allowed.toSorted());
});

it.each(jobs)("the job %s reaches its own database and nothing else", async (job) => {
  expect(await reachable(inNamespace(job))).toEqual([`${job.replace("backup-", "")}-mongo:27017`]);
});

it.each(strangers)("a pod with the label of %s reaches nothing except DNS", async (app) => {
  expect(await reachable(inNamespace(app))).toEqual([]);
  const lookUp =
    'require("dns").lookup("orders", (error, address) => console.log(error ? error.code : address))';
  expect(await runIn(inNamespace(app), lookUp)).toMatch(/^\d+\.\d+\.\d+\.\d+\n$/);
});

if (OUTSIDE_ADDRESS)
  it("with Stripe instead of the sandbox, only payments reaches the outside, and only on 443", async () => {
    const policy = join(root, "infra/k8s/components/network-policies/payments-to-stripe.yaml");
    await kubectl("apply", "--filename", policy);
    try {
      for (const service of apps) {
        const [pod] = await pods(service);
        const wanted = service === "payments" ? [`${OUTSIDE_ADDRESS}:443`] : [];
        await eventually(async () => {
          const found = await reachable(pod?.metadata.name ?? "");
          expect(found.filter((address) => elsewhere.includes(address))).toEqual(wanted);
        });
      }
    } finally {
      await kubectl("delete", "--filename", policy);
    }
  }, 120_000);

/** A pod with the label of a service or store, so that its policies apply, which is never ready and gets no traffic. */
async function probe(app: string, image: string): Promise<void> {
  const spec = {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: [
      {
        name: "probe",
        image,
        command: ["node", "-e", "setInterval(() => {}, 60_000)"],
        readinessProbe: { exec: { command: ["node", "-e", "process.exit(1)"] }, periodSeconds: 3600 },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  };
  const labels = `app=${app},probe=yes`;
  const parameters = ["run", inNamespace(app), `--image=${image}`, `--labels=${labels}`, "--restart=Never"];
  await execute("kubectl", [
    "--namespace",
    namespace,
    ...parameters,
    `--overrides=${JSON.stringify({ spec })}`,
  ]);
}

const running = (pod: string) =>
  kubectl("wait", "--for=jsonpath={.status.phase}=Running", `pod/${pod}`, "--timeout=60s");

/** The addresses that the pod can connect to. */
async function reachable(pod: string): Promise<string[]> {
  const addresses = [...endpoints, ...stores, ...elsewhere];
  const script = `
    const addresses = ${JSON.stringify(addresses)};
    const tries = addresses.map((address) => new Promise((resolve) => {
      const [host, port] = address.split(":");
      const socket = require("net").connect({ host, port: Number(port), timeout: 2000 });
      const end = (isOpen) => { socket.destroy(); resolve(isOpen); };
      socket.on("connect", () => end(true)).on("error", () => end(false)).on("timeout", () => end(false));
    }));
    Promise.all(tries).then((open) => console.log(JSON.stringify(addresses.filter((_, n) => open[n]).sort())));`;
  const found: string[] = JSON.parse(await runIn(pod, script));
  return found;
}
