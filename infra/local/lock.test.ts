import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endLeftovers, exclusively, holderOf, lock } from "./lock";
import { startOf } from "./processes";
import { writeStackFile } from "./stack-file";
import { afterwards } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

let dataFolder: string;
beforeEach(() => {
  dataFolder = temporaryFolder("lock");
});

it("locks a data folder, and names the owner to another runner", () => {
  const unlock = lock(dataFolder);
  expect(holderOf(dataFolder)).toBe(process.pid);
  expect(() => lock(dataFolder)).toThrow(`${dataFolder} is in use by pid ${process.pid}`);
  unlock();
  expect(holderOf(dataFolder)).toBeUndefined();
  lock(dataFolder);
});

it("takes over from a runner that has exited", async () => {
  const gone = await idle();
  writeFileSync(join(dataFolder, "lock"), `${gone.pid} ${startOf(gone.pid ?? 0)}`);
  expect(holderOf(dataFolder)).toBe(gone.pid);
  gone.kill("SIGKILL");
  await once(gone, "exit");
  lock(dataFolder);
  expect(holderOf(dataFolder)).toBe(process.pid);
});

it("does not mistake another process with a reused pid for the runner", async () => {
  writeFileSync(join(dataFolder, "lock"), `${(await idle()).pid} 12345`);
  expect(holderOf(dataFolder)).toBeUndefined();
});

it("serializes work on a folder, even after a failure", async () => {
  const steps: string[] = [];
  const work = (name: string) =>
    exclusively(dataFolder, async () => {
      steps.push(`${name} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} ends`);
      if (name === "first") throw new Error("failed");
    });
  await Promise.allSettled(["first", "second"].map(work));
  expect(steps).toEqual(["first starts", "first ends", "second starts", "second ends"]);
});

it("kills processes left by a killed runner, but not a process with a reused pid", async () => {
  const [left, stranger] = [await idle({ EVENTHIVE_STACK: dataFolder }), await idle()];
  const record = (name: string, { pid = 0 }: ChildProcess) => {
    return { name, kind: "service" as const, pid, url: "http://127.0.0.1:30001", log: "", restarts: 0 };
  };
  const servers = { mongo: "", redis: "", nats: "", stripe: "" };
  writeStackFile(dataFolder, {
    url: "",
    servers,
    processes: [record("orders-1", left), record("auth-1", stranger)],
  });
  expect(await endLeftovers(dataFolder)).toEqual(["orders-1"]);
  expect(left.signalCode ?? (await once(left, "exit"))[1]).toBe("SIGTERM");
  expect(startOf(stranger.pid ?? 0)).toBeDefined();
});

async function idle(environment: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn("sleep", ["60"], { env: { ...process.env, ...environment } });
  await once(child, "spawn");
  afterwards(() => child.kill("SIGKILL"));
  return child;
}
