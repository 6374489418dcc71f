import type { Connection, mongo } from "mongoose";
import { seconds } from "../base/clock";
import { metrics } from "../base/metrics";
import { connectDatabase, createDatabase } from "../database/database";
import { unhealthyMembers } from "../database/members";
import { MemoryBroker } from "../testing";
import { eventually } from "../testing/eventually";
import { type Member, startReplicaSet } from "../../test/replica-set";
import { ensureReplicaSet, withAdmin } from "./replica-set";
import { Runtime } from "./runtime";
import { mongoStore } from "./store";

let all: Awaited<ReturnType<typeof startReplicaSet>>;
let database: Connection;
const databases: Connection[] = [];

beforeAll(async () => {
  all = await startReplicaSet();
  database = await open(all.url("samples"));
});
afterEach(async () => {
  await eventually(async () => expect(await unhealthyMembers(database)).toBe(0), withinAMinute);
});
afterAll(async () => {
  await Promise.all(databases.map((each) => each.close()));
  await all.remove();
});

const withinAMinute = { withinSeconds: 60 };

async function open(url: string): Promise<Connection> {
  const opened = createDatabase("samples");
  databases.push(opened);
  await connectDatabase(opened, url);
  return opened;
}

async function secondary(): Promise<Member> {
  const primary = await all.primary();
  const found = all.members.find((member) => member !== primary);
  if (!found) throw new Error("no member is a secondary");
  return found;
}

const commandTo = (member: Member, command: mongo.BSON.Document) =>
  withAdmin(member.url(), { directConnection: true }, (admin) => admin.command(command));

const reports = (count: number) =>
  eventually(async () => expect(await unhealthyMembers(database)).toBe(count), withinAMinute);

it("counts a member that is down", async () => {
  const member = await secondary();
  await member.stop();
  await reports(1);
  await member.start();
});

it("counts a member that responds, but is recovering", async () => {
  const member = await secondary();
  await commandTo(member, { replSetMaintenance: true });
  await reports(1);
  await commandTo(member, { replSetMaintenance: false });
});

it("counts a member that is too far behind", async () => {
  const member = await secondary();
  await commandTo(member, { fsync: 1, lock: true });
  await eventually(async () => {
    await database.collection("notes").insertOne({});
    expect(await unhealthyMembers(database, seconds(15))).toBe(1); // an idle primary writes every 10 s
  }, withinAMinute);
  expect(await unhealthyMembers(database)).toBe(0);
  await commandTo(member, { fsyncUnlock: 1 });
});

it("counts a member of the address that was not added", async () => {
  const { host } = await secondary();
  const { config } = await all.command({ replSetGetConfig: 1 });
  const members = config.members.filter((member: { host: string }) => member.host !== host);
  await all.command({ replSetReconfig: { ...config, version: config.version + 1, members } });
  await reports(1);
  await ensureReplicaSet(all.url());
});

it("counts none for a single server, or for a user who may not query the status", async () => {
  const single = await open(`${process.env.TEST_MONGO_URL}/samples`);
  expect(await unhealthyMembers(single)).toBe(0);
  const member = await secondary();
  await all.command({ createUser: "guest", pwd: "guest", roles: [{ role: "readWrite", db: "samples" }] });
  await member.stop();
  await reports(1);
  const guests = await open(all.url("samples").replace("root:secret", "guest:guest"));
  expect(await unhealthyMembers(guests)).toBe(0);
  await member.start();
});

it("without a primary, the store is not ready, although a member responds", async () => {
  const store = mongoStore(database);
  const runtime = new Runtime(
    { name: "samples", store: { database } },
    store,
    new MemoryBroker().connect("samples"),
  );
  const measured = async () => {
    await runtime.measure();
    const [ready, unhealthy] = await Promise.all([metrics.storeReady.get(), metrics.unhealthyMembers.get()]);
    return [ready.values[0]?.value, unhealthy.values[0]?.value];
  };
  await eventually(async () => expect(await measured()).toEqual([1, 0]), withinAMinute);
  const member = await secondary();
  await member.stop();
  await eventually(async () => expect(await measured()).toEqual([1, 1]), withinAMinute);
  const primary = await all.primary();
  await primary.stop();
  await eventually(async () => expect(await measured()).toEqual([0, 1]), withinAMinute);
  await eventually(() => store.ping(), withinAMinute); // until it has noticed that the connections are closed
  await Promise.all([member.start(), primary.start()]);
});
