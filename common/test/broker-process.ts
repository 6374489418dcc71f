import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeze } from "./freeze";

export type BrokerProcess = Awaited<ReturnType<typeof startBrokerProcess>>;

/** A real broker, whose store lies in a temporary folder and survives restarts. */
export async function startBrokerProcess(
  binary: string,
  parametersFor: (folder: string) => string[] | Promise<string[]>,
  readyWhenPrinted: string,
) {
  const folder = await mkdtemp(join(tmpdir(), "eventhive-broker-"));
  const parameters = await parametersFor(folder);
  let server: ChildProcess;

  async function start(): Promise<void> {
    server = spawn(binary, parameters, { stdio: ["ignore", "ignore", "pipe"], env: process.env });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", () => reject(new Error(`the broker did not start:\n${output}`)));
      server.stderr?.on("data", (text: Buffer) => {
        output += text.toString();
        if (output.includes(readyWhenPrinted)) resolve();
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
    start,
    stop,
    /** Its store is lost while it is stopped. */
    loseStore: () => rm(join(folder, "store"), { recursive: true }),
    freeze: () => freeze(server.pid),
    thaw: () => server.kill("SIGCONT"),
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}
