import { existsSync } from "node:fs";
import { eventually } from "../../common/src/testing/eventually";
import { freePort } from "./port";
import { startOf } from "./processes";
import { startStack, type Stack, type StackOptions } from "./stack";
import { readStackFile, type StackProcess } from "./stack-file";
import { afterwards, send, backend } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

/** A fake service: responds with its environment, and exits on SIGTERM. */
const service = `
  require("node:http")
    .createServer((req, res) => res.end(JSON.stringify(process.env)))
    .listen(process.env.PORT, "127.0.0.1");
  process.once("SIGTERM", () => process.exit(0));
`;
/** All stores are external, and the fake services do not use them. */
const addresses = {
  MONGO_URL: "mongodb://m:1",
  REDIS_URL: "redis://r:2",
  NATS_URL: "nats://n:3",
  STRIPE_KEY: "sk_test_1",
  STRIPE_PUBLISHABLE_KEY: "pk_test_1",
  MAIL: "off",
  EVENTHIVE_DEMO: "no",
};
const sandbox = { STRIPE_KEY: "", STRIPE_PUBLISHABLE_KEY: "", MAIL: "" };

it("runs the requested number of processes of each service behind one address, and records them", async () => {
  // Servers that are not ours are not made members of a replica set.
  const environment = { ...addresses, ...sandbox, MONGO_MEMBERS: "3" };
  const stack = await start({ replicas: 2, environment });
  const ofOrders = JSON.parse((await send(`${stack.url}/api/orders`)).body);
  expect(ofOrders).toMatchObject({
    MONGO_URL: "mongodb://m:1/orders",
    REDIS_URL: "redis://r:2",
    NATS_URL: "nats://n:3",
    STRIPE_WEBHOOK_SECRET: expect.stringMatching(/^whsec_/),
  });

  const stripe = expect.stringMatching(/^http:\/\/127/);
  const written = readStackFile(stack.dataFolder);
  expect(written?.url).toBe(stack.url);
  expect(written?.servers).toEqual({
    mongo: "mongodb://m:1",
    redis: "redis://r:2",
    nats: "nats://n:3",
    stripe,
    smtp: ofOrders.SMTP_URL,
  });
  expect(written?.processes.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    "server stripe",
    "server mailbox",
    "service auth-1",
    "service auth-2",
    "service orders-1",
    "service orders-2",
  ]);
});

it("restarts a killed service on the same port, and records it", async () => {
  const stack = await start();
  const before = recorded(stack, "orders-1");
  stack.process("orders-1").kill();
  await eventually(() => expect(recorded(stack, "orders-1").restarts).toBe(1));
  await stack.process("orders-1").ready();
  await eventually(async () => expect((await send(`${stack.url}/api/orders`)).status).toBe(200));
  const after = recorded(stack, "orders-1");
  expect(after.url).toBe(before.url);
  expect(after.pid).not.toBe(before.pid);
  expect(after.lastExit).toBe("SIGKILL");
});

it("leaves no process behind when it stops, and can be restarted on the same data", async () => {
  const stack = await start({ environment: { ...addresses, ...sandbox } });
  const pids = stack.processes().map(({ pid }) => pid);
  await Promise.all([stack.stop(), stack.stop()]);
  expect(pids.filter((pid) => startOf(pid))).toEqual([]);
  expect(existsSync(stack.stackFile)).toBe(false);
  await expect(send(stack.url)).rejects.toThrow("ECONNREFUSED");
  const again = await start({ dataFolder: stack.dataFolder });
  expect((await send(`${again.url}/api/orders`)).status).toBe(200);
});

it("names the process on an occupied port and the variable to change, and releases the data folder", async () => {
  const { url } = await backend("other", (_req, res) => void res.end());
  const dataFolder = newFolder();
  const taken = start({ dataFolder, port: Number(new URL(url).port) });
  await expect(taken).rejects.toThrow(new RegExp(`Port \\d+ is taken by pid ${process.pid} .*\\. Set PORT=`));
  await start({ dataFolder });
});

it("stops all started processes when the start is aborted", async () => {
  const cancel = new AbortController();
  const dataFolder = newFolder();
  const never = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  const starting = start({ dataFolder, services: { auth: never }, signal: cancel.signal });
  await eventually(() =>
    expect(readStackFile(dataFolder)?.processes).toContainEqual(expect.objectContaining({ name: "auth-1" })),
  );
  const pids = readStackFile(dataFolder)?.processes.map(({ pid }) => pid);
  cancel.abort();
  await expect(starting).rejects.toThrow("aborted");
  expect(pids?.filter((pid) => startOf(pid))).toEqual([]);
});

async function start(options: StackOptions = {}): Promise<Stack> {
  const command = [process.execPath, "-e", service];
  const stack = await startStack({
    port: await freePort(),
    dataFolder: newFolder(),
    environment: addresses,
    services: { auth: command, orders: command },
    ...options,
  });
  afterwards(() => stack.stop());
  return stack;
}

function recorded(stack: Stack, name: string): StackProcess {
  const found = readStackFile(stack.dataFolder)?.processes.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is not in ${stack.stackFile}`);
  return found;
}

function newFolder(): string {
  return temporaryFolder("stack");
}
