import { execute, succeeds } from "../../infra/local/execute";
import { serviceNames } from "../../infra/services";
import { eventually } from "../../common/src/testing/eventually";

// The cluster under test is kubectl's current context.

export const namespace = "eventhive";
/** With HIGH_AVAILABILITY, three members of each store. */
export const overlay = process.env.HIGH_AVAILABILITY ? "ci-ha" : "ci";
export const apps = [...serviceNames, "client"];

/** Resolves with kubectl's output. */
export const kubectl = (...parameters: string[]): Promise<string> =>
  execute("kubectl", ["--namespace", namespace, ...parameters]);

export interface Pod {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number }[];
    podIP?: string;
  };
}

/** All pods, or those of one service or store, except terminating ones. */
export async function pods(app?: string): Promise<Pod[]> {
  const selector = app ? ["--selector", `app=${app}`] : [];
  const { items }: { items: Pod[] } = JSON.parse(await kubectl("get", "pods", "--output=json", ...selector));
  return items.filter(({ metadata }) => !metadata.deletionTimestamp);
}

export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

export const restarts = (pods: Pod[]): number =>
  pods
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);

/** Resolves when the rollouts are complete. */
export async function rolledOut(...workloads: string[]): Promise<void> {
  const all = workloads.length > 0 ? workloads : await everyWorkload();
  for (const workload of all) await kubectl("rollout", "status", workload, "--timeout=300s");
}

async function everyWorkload(): Promise<string[]> {
  const names = await kubectl("get", "deployments,statefulsets", "--output=name");
  return names.trim().split("\n");
}

/** SIGKILL for all pods of a service or store at once; resolves before their replacements are ready. */
export async function killAll(app: string): Promise<void> {
  await kubectl("delete", "pod", "--selector", `app=${app}`, "--grace-period=0", "--force");
}

/**
 * SIGKILL for the server in a pod of a store. Resolves when another one starts in the pod. The kubelet delays the restart
 * of a server that was killed several times, finally by minutes: after a minute, the pod is replaced, which has no delay.
 */
export async function killServer(pod: string): Promise<void> {
  const count = async () => Number(await kubectl("get", "pod", pod, `--output=jsonpath=${restartCount}`));
  const before = await count();
  // The command may end with its container.
  await succeeds("kubectl", ["--namespace", namespace, "exec", pod, "--", "sh", "-c", killCommand]);
  try {
    await eventually(async () => expect(await count()).toBeGreaterThan(before), { withinSeconds: 60 });
  } catch {
    await kubectl("delete", "pod", pod, "--grace-period=0", "--force");
  }
}
const restartCount = "{.status.containerStatuses[0].restartCount}";
const killCommand = "kill -9 $(pidof mongod nats-server)";

/** Stops a pod as a node that is drained does: gracefully, once its disruption budget allows it. Resolves when it is replaced. */
export async function evict(pod: string): Promise<void> {
  const uid = () => kubectl("get", "pod", pod, "--output=jsonpath={.metadata.uid}");
  const before = await uid();
  const eviction = JSON.stringify({
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: pod, namespace },
  });
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  const slowly = { withinSeconds: 180, intervalMs: 1000 };
  await eventually(
    () => execute("bash", ["-c", `kubectl create --raw ${path} --filename - <<< '${eviction}'`]),
    slowly,
  );
  await eventually(async () => expect(await uid()).not.toBe(before), slowly);
}

/** Stops a store until `startStore`. */
export async function stopStore(store: string): Promise<void> {
  await kubectl("scale", `statefulset/${store}`, "--replicas=0");
  await eventually(async () => expect(await pods(store)).toEqual([]), {
    withinSeconds: 90,
    intervalMs: 500,
  });
}

export async function startStore(store: string): Promise<void> {
  await kubectl("scale", `statefulset/${store}`, "--replicas=1");
  await rolledOut(`statefulset/${store}`);
}

/** Runs JavaScript in a pod that has Node.js; resolves with its output. */
export const runIn = (pod: string, script: string): Promise<string> =>
  kubectl("exec", pod, "--", "node", "-e", script);
