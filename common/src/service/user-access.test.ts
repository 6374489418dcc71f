import request from "supertest";
import { clock, hours, minutes } from "../base/clock";
import { useScheduling } from "../base/joined";
import { createDatabase } from "../database/database";
import { createApp } from "../http/create-app";
import { currentUser, findCurrentUser } from "../http/session";
import type { State } from "../http/live-view";
import { streamStates } from "../http/stream-states";
import { watcher } from "../messaging/watcher";
import { streamsOf } from "../../test/event-stream";
import { eventually } from "../testing/eventually";
import { Gate } from "../testing/gate";
import { MemoryBroker, deliver, eventBytes, newId, newIds, setUpService, signedIn } from "../testing";
import { type EndReason, keepUserAccess } from "./user-access";

const database = createDatabase("samples");
const ended: string[][] = [];
const reasons: EndReason[] = [];
const limits: (Date | undefined)[] = [];
const access = keepUserAccess(database, {
  endFor: async (userIds, reason, { createdBefore }) => {
    ended.push(userIds);
    reasons.push(reason);
    limits.push(createdBefore);
  },
});
const [banned, unbanned, signedOut, deleted] = access.listeners;
const updates = watcher("ticket:updated");
const bus = new MemoryBroker().connect("samples");
for (const each of [updates, ...access.watchers]) each.connect(bus);

/** What streams show. */
let find: () => Promise<State[]>;

const app = createApp(
  (api) => {
    api.get("/who", (req, res) => void res.json({ user: findCurrentUser(req)?.id ?? null }));
    api.get("/mine", (req, res) => void res.json(currentUser(req)));
    api.get("/stream", (req, res) =>
      streamStates(req, res, { name: "ticket", watcher: updates, find: () => find() }),
    );
  },
  { access },
);
const open = streamsOf(app);

setUpService(database);

/** The code that runs until the next call belongs to another process, which has just started. */
const inNewProcess = () => {
  const process = {};
  useScheduling({ process: () => process, waitFor: async (promise) => void (await promise) });
};

let userId: string;
beforeEach(() => {
  userId = newId();
  ended.length = 0;
  reasons.length = 0;
  limits.length = 0;
  find = async () => [];
});
afterEach(() => useScheduling());

const stateOf = (version: number, isBanned: boolean, since = clock.date()) => ({
  id: userId,
  version,
  banned: isBanned,
  since: since.toISOString(),
});
const hearBan = (version = 1, since?: Date) => deliver(banned, stateOf(version, true, since));
const hearEnd = (version = 2, since?: Date) => deliver(unbanned, stateOf(version, false, since));

const hearSignOut = (version: number, sessionEpoch: number, isBanned = false) =>
  deliver(signedOut, { ...stateOf(version, isBanned), sessionEpoch });

/** Of a session of each epoch: 200, or the code of the refusal. */
const responses = (...epochs: number[]) =>
  Promise.all(
    epochs.map(async (epoch) => {
      const cookie = signedIn(userId, undefined, epoch);
      const { status, body } = await request(app).get("/mine").set("Cookie", cookie);
      return status === 200 ? status : body.code;
    }),
  );

async function isRefused(): Promise<boolean> {
  const { status, body } = await request(app).get("/mine").set("Cookie", signedIn(userId));
  expect([200, "banned"]).toContain(status === 403 ? body.code : status);
  return status === 403;
}

it("refuses the sessions of a banned user until the ban ends, and shows them what visitors see", async () => {
  const whoIs = async () => (await request(app).get("/who").set("Cookie", signedIn(userId))).body.user;
  expect([await isRefused(), await whoIs()]).toEqual([false, userId]);
  await hearBan();
  expect([await isRefused(), await whoIs()]).toEqual([true, null]);
  await request(app).get("/mine").set("Cookie", signedIn()).expect(200);
  await hearEnd();
  expect([await isRefused(), await whoIs()]).toEqual([false, userId]);
});

it("ignores an older event that comes late, also in a process that has just started", async () => {
  await hearEnd(2);
  await hearBan(1);
  expect(await isRefused()).toBe(false);
  inNewProcess();
  await access.load();
  expect(await isRefused()).toBe(false);
});

it("loads the bans that another process has stored", async () => {
  await hearBan();
  inNewProcess();
  expect(await isRefused()).toBe(false);
  await access.load();
  expect(await isRefused()).toBe(true);
});

it("reads again what another process has stored", async () => {
  await access.load();
  inNewProcess();
  await hearBan();
  useScheduling();
  expect(await isRefused()).toBe(false);
  await access.sweeps[0]?.run();
  expect(await isRefused()).toBe(true);
});

it("receives events that another process of the service handles", async () => {
  await bus.publish("user:banned", eventBytes("user:banned", stateOf(1, true)), newIds());
  await eventually(async () => expect(await isRefused()).toBe(true));
});

it("refuses sessions while tokens from before the ban are valid, and then ignores its events", async () => {
  const now = clock.now();
  const cookie = signedIn(userId);
  await hearBan(1, new Date(now - hours(24)));
  await request(app).get("/mine").set("Cookie", cookie).expect(403);
  clock.use(() => now + hours(1) + minutes(1));
  await access.sweeps[0]?.run();
  expect(await isRefused()).toBe(false); // a token that auth would not have issued during a ban
  await hearBan(3, new Date(now - hours(24)));
  expect(await isRefused()).toBe(false);
});

it("keeps entries an hour longer than it accepts events, so that no event outlives a newer one", async () => {
  const since = new Date();
  await hearBan(1, since);
  const [stored] = await database.collection("bans").find().toArray();
  expect(stored?.expiresAt.getTime() - since.getTime()).toBe(hours(26)); // sessions last 24
  const indexes = await database.collection("bans").indexes();
  expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
});

it("ends what a banned user has begun: at once, and again for requests that were in progress", async () => {
  await hearBan();
  expect(ended).toContainEqual([userId]);
  ended.length = 0;
  await access.sweeps[1]?.run();
  expect(ended.flat()).toContain(userId);
  await hearEnd();
  ended.length = 0;
  await access.sweeps[1]?.run();
  expect(ended.flat()).not.toContain(userId);
});

it("ends the streams of a banned user, and no others", async () => {
  const [own, other] = [await open("/stream", signedIn(userId)), await open("/stream", signedIn())];
  let isOtherOpen = true;
  void other.ended.then(() => (isOtherOpen = false));
  await hearBan();
  expect(await own.ended).toBe("in order");
  expect(isOtherOpen).toBe(true);
});

it("ends a stream whose user is banned during its first read, before it shows anything", async () => {
  const [begun, done] = [new Gate(), new Gate()];
  find = async () => {
    begun.open();
    await done.opened;
    return [{ id: newId(), version: 0 }];
  };
  const opening = open("/stream", signedIn(userId));
  await begun.opened;
  await hearBan();
  done.open();
  const stream = await opening;
  expect(await stream.ended).toBe("in order");
  expect(stream.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
  expect(stream.messages).toEqual([]);
});

describe("a ban that arrives when all tokens from before it have expired", () => {
  it("ends what such a token could create, and nothing later, because that is of a user whose ban has ended", async () => {
    const since = clock.now() - hours(26);
    await hearBan(1, new Date(since));
    expect(ended).toContainEqual([userId]);
    expect(limits).toContainEqual(new Date(since + hours(25)));
    expect(await isRefused()).toBe(false);
    expect(await database.collection("bans").countDocuments()).toBe(0);
  });

  it("ends nothing if the end of the ban is known", async () => {
    await hearEnd(2);
    await hearBan(1, new Date(clock.now() - hours(26)));
    expect(ended).toEqual([]);
  });
});

describe("sessions of an older epoch", () => {
  it("are refused like a missing session, and those of the current and newer epochs are accepted", async () => {
    const whoIs = async () => (await request(app).get("/who").set("Cookie", signedIn(userId))).body.user;
    expect([await responses(0, 1), await whoIs()]).toEqual([[200, 200], userId]);
    await hearSignOut(1, 1);
    expect([await responses(0, 1, 2), await whoIs()]).toEqual([["not-signed-in", 200, 200], null]);
    await hearSignOut(2, 2);
    expect(await responses(0, 1, 2)).toEqual(["not-signed-in", "not-signed-in", 200]);
    await request(app).get("/mine").set("Cookie", signedIn()).expect(200);
  });

  it("stay refused when an older event comes late, and in a new process before it accepts requests", async () => {
    await hearSignOut(3, 2);
    await hearSignOut(2, 1);
    inNewProcess();
    await access.load();
    expect(await responses(1, 2)).toEqual(["not-signed-in", 200]);
  });

  it("stay refused after a ban that was published without an epoch", async () => {
    await hearSignOut(1, 1);
    await hearBan(2);
    await hearEnd(3);
    expect(await responses(0, 1)).toEqual(["not-signed-in", 200]);
    inNewProcess();
    await access.load();
    expect(await responses(0, 1)).toEqual(["not-signed-in", 200]);
  });

  it("are refused before a ban is checked, and those of the current epoch because of the ban", async () => {
    await hearSignOut(1, 1, true);
    expect(await responses(0, 1)).toEqual(["not-signed-in", "banned"]);
  });

  it("lose their streams, and others keep theirs", async () => {
    const streams = await Promise.all(
      [0, 1].map((epoch) => open("/stream", signedIn(userId, undefined, epoch))),
    );
    const [older, present] = streams;
    let isPresentOpen = true;
    void present?.ended.then(() => (isPresentOpen = false));
    await hearSignOut(1, 1);
    expect(await older?.ended).toBe("in order");
    expect(isPresentOpen).toBe(true);
  });

  it("end nothing that the user has begun", async () => {
    await hearSignOut(1, 1);
    await access.sweeps[1]?.run();
    expect(ended.flat()).not.toContain(userId);
  });
});

describe("a deleted account", () => {
  const hearDeletion = (version: number, sessionEpoch: number, deletedAt = clock.date()) =>
    deliver(deleted, {
      ...stateOf(version, false, deletedAt),
      sessionEpoch,
      deletedAt: deletedAt.toISOString(),
    });

  it("has no session", async () => {
    await hearDeletion(1, 1);
    expect(await responses(0)).toEqual(["not-signed-in"]);
    await hearBan(0);
    expect(await responses(0)).toEqual(["not-signed-in"]);
  });

  it("loses what the user has begun: at once, and again for requests that were in progress, in each process", async () => {
    await hearDeletion(1, 1);
    expect(ended).toContainEqual([userId]);
    expect(reasons).toEqual(["deletion", "deletion"]);
    inNewProcess();
    await access.load();
    ended.length = 0;
    await access.sweeps[1]?.run();
    expect(ended.flat()).toContain(userId);
  });

  it("loses it however late the event arrives", async () => {
    await hearDeletion(1, 1, new Date(clock.now() - hours(24 * 30)));
    expect(ended).toContainEqual([userId]);
    expect(await database.collection("bans").findOne({ sessionEpoch: 1 })).toBeNull();
  });
});
