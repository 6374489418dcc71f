import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { kubectl, pods, rolledOut } from "./cluster";
import { deployAgain } from "./deploy";

let folder: string;
beforeAll(async () => {
  await rolledOut();
  folder = await mkdtemp(join(tmpdir(), "eventhive-redeploy-"));
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

/** The UIDs of all pods by name: a replaced pod has another UID, even a store's, whose name stays the same. */
async function uids(selector: (labels: Record<string, string>) => boolean = () => true) {
  const found = (await pods()).filter(({ metadata }) => selector(metadata.labels));
  return Object.fromEntries(found.map(({ metadata }) => [metadata.name, metadata.uid]));
}
const ofStores = () => uids(({ role }) => role === "store");

it("keeps the pods of all stores during a deployment, and all pods when nothing has changed", async () => {
  const stores = await ofStores();
  expect(Object.keys(stores)).toHaveLength(6);
  await deployAgain({ hasNewRunId: true }); // restarts the services
  await rolledOut();
  expect(await ofStores()).toEqual(stores);

  await deployAgain();
  await rolledOut();
  const everything = await uids();
  const rollBack = (command: string) =>
    execute(process.execPath, [join(root, "infra/ci/roll-back.mjs"), command, join(folder, "before.json")]);
  await rollBack("record");
  await deployAgain();
  await rolledOut();
  expect(await uids()).toEqual(everything);
  expect(await rollBack("undo")).toBe(""); // every Deployment still has the recorded revision
}, 300_000);

it("replaces StatefulSets with changed claims without restarting their pods, by the guide's commands", async () => {
  const before = await ofStores();
  const { items }: { items: StatefulSet[] } = JSON.parse(
    await kubectl("get", "statefulsets", "--selector=role=store", "--output=json"),
  );
  const older = items.map(({ apiVersion, kind, metadata: { name, labels }, spec }) => ({
    apiVersion,
    kind,
    metadata: { name, labels },
    spec: { ...spec, volumeClaimTemplates: spec.volumeClaimTemplates.map(labelled) },
  }));
  const file = join(folder, "older.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: older }));
  await orphanStores();
  await kubectl("create", "--filename", file);
  await rolledOut();
  expect(await ofStores()).toEqual(before);
  await expect(deployAgain()).rejects.toThrow(/forbidden|kubectl apply/i);

  await orphanStores();
  await deployAgain();
  await rolledOut();
  expect(await ofStores()).toEqual(before);
}, 300_000);

interface StatefulSet {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: { volumeClaimTemplates: { metadata: object }[] };
}

const labelled = (claim: { metadata: object }) => ({
  ...claim,
  metadata: { ...claim.metadata, labels: { "app.kubernetes.io/part-of": "eventhive" } },
});

const orphanStores = () => kubectl("delete", "statefulsets", "--selector=role=store", "--cascade=orphan");
