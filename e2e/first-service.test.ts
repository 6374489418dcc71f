import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventBytes, newId, newIds } from "@eventhive/common/testing";
import { connectBus } from "../common/src/messaging/connect-bus";
import { type Subject, parseEvent } from "../common/src/contract/events";
import { eventually } from "../common/src/testing/eventually";
import { exampleOf } from "../common/test/example-of";
import { build, buildLock } from "../infra/local/build";
import { exclusively } from "../infra/local/lock";
import { freePort } from "../infra/local/port";
import { killGroup } from "../infra/local/processes";
import { root } from "../infra/local/program";
import { startBroker, startMongo } from "../infra/local/servers";

// Follows docs/first-service.md literally in an empty folder: a block with a file name is the content of that file, and `sh`
// blocks are run in one shell. Instead of the `bash` block, which starts EventHive, the test builds `common`, and starts a broker and a
// database.

const guide = readFileSync(join(root, "docs/first-service.md"), "utf8");
const blocks = Array.from(
  guide.matchAll(/^```(\w+) ?(\S*)\n([^]*?)^```$/gm),
  ([, language = "", file = "", content = ""]) => ({ language, file, content }),
);
/** Runs the contract suite of brokers from the package, as the authors of other adapters do. */
const adapterTest = `
import { MemoryBroker, describeEventBus } from "@eventhive/common/testing";
${exampleOf("describeEventBus", readFileSync(join(root, "common/src/testing/event-bus-contract.ts"), "utf8"))}
`;
const folder = mkdtempSync(join(tmpdir(), "eventhive-first-service-"));
const stops: (() => unknown)[] = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true });
});

it("the guide to a first service works from an empty folder", async () => {
  const [dataFolder, project] = [join(folder, "data"), join(folder, "box-office")];
  await exclusively(buildLock, () => build(["common"]));
  const mongo = await startMongo({ dataFolder });
  stops.push(() => mongo.stop());
  const broker = await startBroker({ dataFolder });
  stops.push(() => broker.stop());
  const stackFile = join(dataFolder, "stack.json");
  writeFileSync(stackFile, JSON.stringify({ servers: { mongo: mongo.url, nats: broker.url } }));

  mkdirSync(project);
  const outer = join(folder, "package.json"); // of a project around it, which npm must leave alone
  writeFileSync(outer, "{}");
  for (const { file, content } of blocks.filter((block) => block.file))
    writeFileSync(join(project, file), content);
  writeFileSync(join(project, "adapter.test.ts"), adapterTest);
  const commands = blocks.filter(({ language }) => language === "sh").map(({ content }) => content);
  expect(commands).toHaveLength(3);
  const script = commands
    .join("")
    .replace("~/eventhive", root)
    .replaceAll("4000", String(await freePort()));
  const shell = spawn("bash", ["-e", "-c", script], {
    cwd: project,
    env: { ...process.env, STACK: stackFile, NODE_ENV: undefined, NODE_OPTIONS: undefined },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = shell;
  if (pid) stops.push(() => killGroup(pid)); // with the service, which goes on running
  let printed = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  const [code] = await once(shell, "exit");
  expect([code, printed]).toEqual([0, expect.stringContaining("events_published_total")]);
  expect(printed).toContain("PASS ./adapter.test.ts");
  expect(readFileSync(outer, "utf8")).toBe("{}");

  // Another service receives the events of the ticket and its sale.
  process.env.NATS_URL = broker.url;
  const bus = connectBus("orders");
  stops.push(() => bus.close());
  const received = new Map<Subject, Record<string, unknown>>();
  for (const subject of ["ticket:created", "ticket:updated"] as const)
    bus.subscribe(subject, async ({ bytes }) => void received.set(subject, parseEvent(subject, bytes).data));
  await eventually(() => expect(received.get("ticket:created")).toMatchObject({ title: "Chamber music" }));
  const ticketId = String(received.get("ticket:created")?.id);
  const order = {
    id: newId(),
    version: 1,
    status: "complete" as const,
    userId: newId(),
    expiresAt: new Date().toISOString(),
    ticket: { id: ticketId, title: "Chamber music", price: 20, version: 0 },
  };
  await bus.publish("order:completed", eventBytes("order:completed", order), newIds());
  const sold = { id: ticketId, version: 1, status: "sold", orderId: order.id };
  await eventually(() => expect(received.get("ticket:updated")).toMatchObject(sold));
}, 600_000);
