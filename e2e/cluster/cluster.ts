import { execute } from "../../infra/local/execute";
import { eventually } from "../eventually";

// The cluster under test: whichever kubectl is set to.

export const namespace = "eventhive";
export const services = ["auth", "tickets", "orders", "payments", "expiration", "client"];

/** Resolves with what kubectl printed. */
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

/** All pods, or those of one service or store, less those that are on their way out. */
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

/** Resolves when as many pods as are wanted are ready, of the newest version. */
export async function rolledOut(...workloads: string[]): Promise<void> {
  const all = workloads.length > 0 ? workloads : await everyWorkload();
  for (const workload of all) await kubectl("rollout", "status", workload, "--timeout=300s");
}

async function everyWorkload(): Promise<string[]> {
  const names = await kubectl("get", "deployments,statefulsets", "--output=name");
  return names.trim().split("\n");
}

/** SIGKILL for all pods of a service or store at once; resolves when they are gone, with nobody in their place yet. */
export async function killAll(app: string): Promise<void> {
  await kubectl("delete", "pod", "--selector", `app=${app}`, "--grace-period=0", "--force");
}

/** Ends a store and keeps it away. */
export async function takeAway(store: string): Promise<void> {
  await kubectl("scale", `statefulset/${store}`, "--replicas=0");
  await eventually(async () => expect(await pods(store)).toEqual([]), {
    withinSeconds: 90,
    intervalMs: 500,
  });
}

export async function bringBack(store: string): Promise<void> {
  await kubectl("scale", `statefulset/${store}`, "--replicas=1");
  await rolledOut(`statefulset/${store}`);
}

/** Runs JavaScript where there is Node.js; resolves with what it printed. */
export const runIn = (pod: string, script: string): Promise<string> =>
  kubectl("exec", pod, "--", "node", "-e", script);
