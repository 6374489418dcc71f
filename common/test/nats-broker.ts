import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../infra/local/port";

export type NatsBroker = Awaited<ReturnType<typeof startNatsBroker>>;

/** A real NATS Streaming server on a port of its own, whose store lies in a temporary folder and survives restarts. */
export async function startNatsBroker(...settings: string[]) {
  const [port, monitorPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), "eventhive-nats-"));
  const binary = process.env.NATS_STREAMING_BINARY ?? "nats-streaming-server";
  const options = `-cid eventhive -store file -mm 0 -mb 0 -hbi 5s -hbt 5s -hbf 2 -a 127.0.0.1 -p ${port} -m ${monitorPort} -dir ${folder}`;
  let server: ChildProcess;

  async function start(): Promise<void> {
    server = spawn(binary, [...options.split(" "), ...settings], { stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", () => reject(new Error(`the broker did not start:\n${output}`)));
      server.stderr?.on("data", (text: Buffer) => {
        output += text.toString();
        if (output.includes("Streaming Server is ready")) resolve();
      });
    });
  }

  async function stop(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  }

  await start();
  return {
    /** @param credentials as they stand in an address, with the `@` */
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    url: (credentials = "") => `nats://${credentials}127.0.0.1:${port}`,
    start,
    stop,
    signal: (name: NodeJS.Signals) => server.kill(name),
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}
