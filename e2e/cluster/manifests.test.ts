import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { execute, reasonOf } from "../../infra/local/execute";
import { recordGuide } from "../../infra/k8s/guide-calls";
import { type Manifest, render } from "../../infra/k8s/render";
import { root } from "../../infra/local/program";
import { eventually } from "../../common/src/testing/eventually";
import { kubectl, rolledOut } from "./cluster";
import { applyKustomized } from "./kustomize";

/**
 * The address of a gateway of the class "traefik", if the cluster has one. Such a cluster also has the CRDs that only
 * production needs.
 */
const { GATEWAY_URL } = process.env;

beforeAll(() => rolledOut());

const gateways = {
  google: {},
  others: { remove: ["gateway-gke"], add: ["gateway-envoy", "ingress", "ingress-tls"] },
};

it.each([
  ["local", {}] as const,
  ["release", {}] as const,
  ...(GATEWAY_URL ? [["gke", gateways.google] as const, ["gke", gateways.others] as const] : []),
])(
  "the API server would accept every object of the overlay %s unchanged (with changes %j)",
  async (overlay, changes) => {
    // GKE's own CRDs are not published as a Go module; infra/k8s/routes.test.ts checks these objects.
    const all = (await render(overlay, changes)).all.filter(
      ({ apiVersion }) => apiVersion !== "networking.gke.io/v1",
    );
    await wouldBeTaken(all);
  },
);

it("kubectl accepts the syntax of every command of the guide", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kubectl-"));
  try {
    const noServer = join(folder, "config"); // commands fail, but only after they have been parsed
    await writeFile(noServer, JSON.stringify(configFor("http://127.0.0.1:1")));
    const accepts = async (parameters: string[]) => {
      const options = { cwd: root, env: { ...process.env, KUBECONFIG: noServer }, timeout: 10_000 };
      const outcome = await execute("kubectl", parameters, options).catch(reasonOf);
      return !/^See 'kubectl .*' for usage/.test(outcome);
    };
    expect(await accepts(["-n", "eventhive", "get", "pods", "--unknown"])).toBe(false);
    const commands = recordGuide()
      .calls.filter(([program]) => program === "kubectl")
      .map(([, ...parameters]) => parameters.map((one) => one.replace(downloadedOrPiped, "absent.yaml")))
      .filter((parameters) => !parameters.some((one) => one.endsWith("="))); // what kubectl printed before
    const different = [...new Map(commands.map((one) => [one.join("\0"), one])).values()];
    expect(different.length).toBeGreaterThan(100);
    const refused: string[][] = [];
    for (const one of different) if (!(await accepts(one))) refused.push(one);
    expect(refused).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 180_000);

if (GATEWAY_URL) {
  it("the API server would accept the admission policies", async () => {
    const policies = await kubectl("kustomize", join(root, "infra/k8s/admission"));
    await wouldBeTaken(objectsIn(policies));
  });

  it("the API server would accept every object that the guide creates", async () => {
    const guide = await readFile(join(root, "docs/operating.md"), "utf8");
    const created = [...guide.matchAll(/^kubectl apply -f - <<END\n([^]*?)\nEND$/gm)];
    const objects = created.flatMap(([, text = ""]) => objectsIn(text.replaceAll("$HOST", "example.org")));
    expect(objects.map(({ kind }) => kind)).toEqual(["ClusterIssuer", "GatewayClass"]);
    await wouldBeTaken(objects);
  });

  it("sells a ticket through the gateway while the ingress also serves traffic", async () => {
    const { port } = new URL(GATEWAY_URL);
    const patch = [
      { op: "replace", path: "/spec/gatewayClassName", value: "traefik" },
      { op: "replace", path: "/spec/listeners/0/port", value: Number(port) },
    ];
    await applyKustomized("components/gateway", {
      patches: [{ target: { kind: "Gateway" }, patch: JSON.stringify(patch) }],
    });
    try {
      await kubectl("wait", "--for=condition=Programmed", "gateway/eventhive", "--timeout=30s");
      for (const url of [GATEWAY_URL, process.env.EVENTHIVE_URL]) {
        await eventually(async () => expect((await fetch(`${url}/api/tickets`)).status).toBe(200));
        const buying = execute(process.execPath, [join(root, "infra/verify/buy-a-ticket.mjs")], {
          env: { ...process.env, EVENTHIVE_URL: url },
        });
        expect(await buying).toMatch(/^Bought ticket/m);
      }
      const removeAccounts = ["node", "dist/index.js", "remove-verification-accounts"];
      expect(await kubectl("exec", "deploy/auth", "--", ...removeAccounts)).toMatch(/^removed [1-9]/m);
    } finally {
      await kubectl("delete", "gateway,httproute", "eventhive");
    }
  }, 120_000);
}

/** A file of another server, or standard input. */
const downloadedOrPiped = /^https:.*|^-$|(?<=^--filename=)-$/;

const configFor = (server: string) => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "only", cluster: { server } }],
  contexts: [{ name: "only", context: { cluster: "only", user: "only" } }],
  users: [{ name: "only", user: { token: "unused" } }],
  "current-context": "only",
});

const objectsIn = (yaml: string): Manifest[] => parseAllDocuments(yaml).map((document) => document.toJS());

async function wouldBeTaken(objects: Manifest[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "eventhive-rendered-"));
  const file = join(folder, "all.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const taken = await kubectl("apply", "--dry-run=server", "--validate=strict", "--filename", file);
  expect(taken.trim().split("\n")).toHaveLength(objects.length);
  await rm(folder, { recursive: true });
}
