import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { freePort, isFree } from "../../infra/local/port";
import { eventually } from "../../common/src/testing/eventually";
import { isReady, namespace, pods } from "./cluster";

export interface Forward {
  /** The local host and port, which stay the same when the pod is replaced. */
  address: string;
  stop: () => Promise<void>;
}

/**
 * Forwards a port of a pod of a service or store. When the pod is replaced, forwards that of another one: kubectl would go on
 * accepting connections for the deleted pod.
 */
export async function forward(app: string, port: number): Promise<Forward> {
  const local = await freePort();
  let stopped = false;
  let endOne = (): void => {};
  const forwardOne = async () => {
    const pod = (await pods(app)).find(isReady);
    if (!pod || stopped) return;
    const kubectl = (...parameters: string[]) =>
      spawn("kubectl", ["--namespace", namespace, ...parameters], { stdio: "ignore" });
    const running = [
      kubectl("port-forward", `pod/${pod.metadata.name}`, `${local}:${port}`),
      kubectl("wait", "--for=delete", `pod/${pod.metadata.name}`, "--timeout=1h"),
    ];
    endOne = () => running.forEach((child) => child.kill());
    const ended = running.map((child) => once(child, "exit"));
    await Promise.race(ended);
    endOne();
    await Promise.all(ended);
  };
  const forwarding = (async () => {
    for (; !stopped; await wait(250)) await forwardOne().catch(() => undefined); // the API server may be unreachable
  })();
  await eventually(
    async () => {
      if (await isFree(local)) throw new Error(`kubectl does not forward port ${port} of ${app}`);
    },
    { withinSeconds: 30 },
  );
  return {
    address: `127.0.0.1:${local}`,
    stop: async () => {
      stopped = true;
      endOne();
      await forwarding;
    },
  };
}
