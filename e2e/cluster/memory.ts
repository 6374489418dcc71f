import { isReady, kubectl, namespace, pods } from "./cluster";

interface Summary {
  pods: { podRef: { name: string; namespace: string }; memory?: { workingSetBytes?: number } }[];
}

/** Describes the memory of the largest pod of each service and store, and of all ready pods, as reported by its node. */
export async function memoryByApp(): Promise<string> {
  const nodes = (await kubectl("get", "nodes", "--output=name")).trim().split("\n");
  const summaries: Summary[] = await Promise.all(
    nodes.map(async (node) =>
      JSON.parse(
        await kubectl("get", "--raw", `/api/v1/nodes/${node.replace("node/", "")}/proxy/stats/summary`),
      ),
    ),
  );
  const measured = new Map(
    summaries
      .flatMap(({ pods }) => pods)
      .filter(({ podRef }) => podRef.namespace === namespace)
      .map(({ podRef, memory }) => [podRef.name, memory?.workingSetBytes]),
  );
  const largest = new Map<string, number>();
  let sum = 0;
  for (const { metadata } of (await pods()).filter(isReady)) {
    const app = metadata.labels.app ?? "";
    const bytes = measured.get(metadata.name);
    if (!bytes) throw new Error(`${metadata.name} has no memory statistics yet`);
    sum += bytes / 2 ** 20;
    largest.set(app, Math.max(largest.get(app) ?? 0, Math.round(bytes / 2 ** 20)));
  }
  return `${[...largest].map(([app, mebibytes]) => `${app} ${mebibytes}`).join(", ")}; all pods ${Math.round(sum)}`;
}
