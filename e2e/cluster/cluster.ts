import { execute } from "../../infra/local/execute";
import { serviceNames } from "../../infra/services";
import { eventually } from "../../common/src/testing/eventually";

// The cluster under test is kubectl's current context.

export const namespace = "eventhive";
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
