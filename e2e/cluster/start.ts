import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseUrl } from "../../infra/local/environment";
import { succeeds } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { writeStackFile } from "../../infra/local/stack-file";
import { databaseServices } from "../../infra/services";
import { kubectl, namespace, overlay, rolledOut } from "./cluster";
import { deploy } from "./deploy";
import { type Forward, forward } from "./forward";
import { requireNamedOmissions } from "./left-out";

declare global {
  var stopStack: (() => Promise<void>) | undefined;
}

/** The settings that an overlay changes. */
const settingsIn = (name: string): string[] =>
  Array.from(
    readFileSync(join(root, "infra/k8s/overlays", name, "kustomization.yaml"), "utf8").matchAll(
      /^ +- ([A-Z_]+=\S+)/gm,
    ),
    ([, setting = ""]) => setting,
  );

/** The public address, which browsers use as well. */
const { EVENTHIVE_URL = "http://localhost", IMAGE_TAG } = process.env;

/**
 * Uses kubectl's current context. With IMAGE_TAG, deploys the overlay with images of that tag; otherwise uses the existing
 * deployment, for example after `skaffold run -p ci`. The tests reach stores through forwarded ports: of a database with
 * several members any one, since they all respond to reads.
 */
export default async function startCluster(): Promise<void> {
  requireNamedOmissions(process.env);
  await mustBeForTests();
  if (IMAGE_TAG) await deploy(IMAGE_TAG);
  await rolledOut();
  process.stdout.write(`with ${[...new Set(["ci", overlay].flatMap(settingsIn))].join(" ")}\n`);

  const folder = mkdtempSync(join(tmpdir(), "eventhive-cluster-"));
  process.env.E2E_DATA = folder;
  const forwards: Forward[] = [];
  const reach = async (app: string, port: number) => {
    const found = await forward(app, port);
    forwards.push(found);
    return found.address;
  };
  const databases: Record<string, string> = {};
  for (const service of databaseServices) {
    const password = await secret(`${service}-mongo`, "password");
    const server = `mongodb://root:${password}@${await reach(`${service}-mongo`, 27017)}`;
    databases[service] = databaseUrl(`${server}/?authSource=admin&directConnection=true`, service);
  }
  writeStackFile(folder, {
    url: EVENTHIVE_URL,
    databases,
    servers: {
      mongo: "mongodb://localhost", // not used: each service has its own, above
      redis: `redis://:${await secret("expiration-redis", "password")}@${await reach("expiration-redis", 6379)}`,
      nats: await broker(reach),
      stripe: `http://${await reach("stripe-sandbox", 3000)}`,
    },
    processes: [],
  });
  globalThis.stopStack = async () => {
    await Promise.all(forwards.map(({ stop }) => stop()));
    rmSync(folder, { recursive: true });
  };
}

/** A safeguard, because these tests kill pods and databases. */
async function mustBeForTests(): Promise<void> {
  const isThere = await succeeds("kubectl", ["get", "namespace", namespace]);
  if (!isThere && IMAGE_TAG) return;
  if (!isThere) {
    throw new Error(
      "EventHive is not deployed on this cluster: run `skaffold run -p ci`, or set IMAGE_TAG to deploy images of that tag",
    );
  }
  const label = await kubectl("get", "namespace", namespace, "--output=jsonpath={.metadata.labels.overlay}");
  if (label !== "ci") {
    throw new Error(
      `These tests kill pods and databases, and the namespace ${namespace} of this cluster was not deployed by overlays/ci`,
    );
  }
}

/** The address of the broker. With several members, each service is a user of it, and the bridge may read all events. */
async function broker(reach: (app: string, port: number) => Promise<string>): Promise<string> {
  if (overlay === "ci") return `nats://${await secret("nats", "token")}@${await reach("nats", 4222)}`;
  process.env.BROKER = "jetstream";
  process.env.JETSTREAM_CREDENTIALS = await secret("bridge-jetstream", "seed");
  return `nats://${await reach("jetstream", 4222)}`;
}

async function secret(name: string, key: string): Promise<string> {
  const encoded = await kubectl("get", "secret", name, `--output=jsonpath={.data.${key}}`);
  return Buffer.from(encoded, "base64").toString();
}
