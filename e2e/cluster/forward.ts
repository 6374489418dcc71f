import { type ChildProcess, spawn } from "node:child_process";
import { freePort, isFree } from "../../infra/local/port";
import { eventually } from "../../common/src/testing/eventually";
import { namespace } from "./cluster";

export interface Forward {
  /** The local host and port, which stay the same when the pod is replaced. */
  address: string;
  stop: () => void;
}

/** Forwards a port of a service in the cluster, and restarts when its pods are replaced. */
export async function forward(target: string, port: number): Promise<Forward> {
  const local = await freePort();
  let stopped = false;
  let child: ChildProcess;
  const begin = () => {
    child = spawn("kubectl", ["--namespace", namespace, "port-forward", target, `${local}:${port}`], {
      stdio: "ignore",
    });
    child.once("exit", () => setTimeout(() => stopped || begin(), 250));
  };
  begin();
  await eventually(
    async () => {
      if (await isFree(local)) throw new Error(`kubectl does not forward ${target}`);
    },
    { withinSeconds: 30 },
  );
  return {
    address: `127.0.0.1:${local}`,
    stop: () => {
      stopped = true;
      child.kill();
    },
  };
}
