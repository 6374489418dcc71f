import { mongo } from "mongoose";
import { seconds } from "../base/clock";
import { type Member, createMembers, startMembers } from "../../test/replica-set";
import { eventually } from "../testing/eventually";
import { ensureReplicaSet, withAdmin } from "./replica-set";

let all: Awaited<ReturnType<typeof createMembers>>;
let client: mongo.MongoClient;

beforeEach(async () => {
  all = await createMembers(3);
});
afterEach(async () => {
  await client?.close();
  await all.remove();
});

const [secondary, majority] = [{ readPreference: "secondary" }, { writeConcern: { w: "majority" } }] as const;
const notes = () => client.db("orders").collection<{ _id: number }>("notes");

async function open(): Promise<void> {
  client = await mongo.MongoClient.connect(all.url(), { timeoutMS: seconds(60) });
}

const configOf = async () => (await all.command({ replSetGetConfig: 1 })).config;

it("turns empty servers into a replica set, and changes nothing when it is repeated", async () => {
  await startMembers(...(all.members as [Member, Member, Member]));
  await ensureReplicaSet(all.url());
  await open();
  await all.untilComplete();
  const config = await configOf();
  expect(config).toMatchObject({
    members: all.members.map(({ host }) => ({ host, votes: 1 })),
    settings: { electionTimeoutMillis: 5000 },
  });
  await ensureReplicaSet(all.url());
  expect(await configOf()).toEqual(config);
});

it("keeps the data of a server that ran alone, and copies it to the others", async () => {
  const [first, ...others] = all.members as [Member, Member, Member];
  await first.startAlone();
  await first.createUser();
  client = await mongo.MongoClient.connect(`mongodb://${first.host}`);
  await notes().insertMany([{ _id: 1 }, { _id: 2 }]);
  await client.close();
  await first.stop("SIGTERM");
  await Promise.all([first, ...others].map((member) => member.start()));

  await ensureReplicaSet(all.url());
  await open();
  await all.untilComplete();
  await notes().insertOne({ _id: 3 }, majority);
  await eventually(async () => expect(await notes().find({}, secondary).toArray()).toHaveLength(3));
});

it("initiates nothing while a member that may know the replica set is unavailable", async () => {
  const [first, second, third] = all.members as [Member, Member, Member];
  await startMembers(first, second, third);
  await ensureReplicaSet(all.url());
  await open();
  await all.untilComplete();
  await notes().insertOne({ _id: 1 }, majority);
  await client.close();

  await Promise.all([second.stop(), third.stop()]);
  await first.stop();
  await first.loseData();
  await startMembers(first);
  await expect(ensureReplicaSet(all.url())).rejects.toThrow("ECONNREFUSED");
  const hello = await withAdmin(`mongodb://${first.host}`, { directConnection: true }, (admin) =>
    admin.command({ hello: 1 }),
  );
  expect(hello).toMatchObject({ isreplicaset: true }); // started as a member, and in no set

  await Promise.all([second.start(), third.start()]);
  await ensureReplicaSet(all.url());
  await open();
  await all.untilComplete();
  expect(await notes().find().toArray()).toEqual([{ _id: 1 }]);
});
