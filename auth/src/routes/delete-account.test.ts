import { clock, onFailpoint } from "@eventhive/common";
import { MemoryBroker, setUpService, signedIn } from "@eventhive/common/testing";
import { Types } from "mongoose";
import request from "supertest";
import { rebuild } from "../../../common/src/service/rebuild";
import { republish } from "../../../common/src/service/republish";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { canonicalizeEmails } from "../canonicalize-emails";
import { grantAdmin } from "../change-admin";
import { database } from "../database";
import { requestLink } from "../models/email-link";
import { User, findByEmail } from "../models/user";
import { admin, afterNextRead, endSessionsOf, password, registered, whoIs } from "../../test/fixtures";

const { published } = setUpService(database);
afterEach(() => onFailpoint(undefined));

const post = (path: string, body: object, cookie = "") =>
  request(app).post(`/api/users/${path}`).set("Cookie", cookie).send(body);
const deleteAccount = (cookie: string, body: object = { password }) => post("deletion", body, cookie);
const email = "alice@example.com";
const signIn = () => post("signin", { email, password });
const signUp = () => post("signup", { email, password });

/** Runs `act` when the next account is about to be saved. */
const beforeNextSave = (act: () => PromiseLike<unknown>) =>
  onFailpoint(async (name) => {
    if (name !== "auth.save.before") return;
    onFailpoint(undefined);
    await act();
  });

/** The same, before the next update that is not a save. */
function beforeNextUpdate(act: () => PromiseLike<unknown>): void {
  const updateOne = User.updateOne.bind(User);
  const spy = jest.spyOn(User, "updateOne").mockImplementationOnce((...parameters) => {
    spy.mockRestore();
    const query = updateOne(...parameters);
    const execute = query.exec.bind(query);
    query.exec = async () => {
      await act();
      return execute();
    };
    return query;
  });
}

const key = (id: string) => new Types.ObjectId(id);

/** The document of an account, whose outbox the relay has emptied. */
async function stored(id: string) {
  await published("user:deleted");
  return User.collection.findOne({ _id: key(id) });
}

/** What is left of an account. */
const tombstone = (id: string, version = 1) => ({
  _id: expect.anything(),
  version,
  createdAt: expect.any(Date),
  changedAt: expect.any(Date),
  outbox: [],
  banned: false,
  since: expect.any(Date),
  sessionEpoch: expect.any(Number),
  deletedAt: expect.any(Date),
  email: `deleted:${id}`,
  password: "none",
  passwordVersion: -1,
  knownNetworks: [],
  banChanges: [],
});

it("keeps nothing personal, publishes the deletion, and ends the session", async () => {
  const { body: account } = await signUp().expect(201);
  const { id } = account;
  const { headers, body } = await deleteAccount(signedIn(id, email)).expect(200);
  expect(body).toEqual({});
  expect(headers["set-cookie"]?.[0]).toMatch(/session=;/);
  const [state] = await published("user:deleted");
  expect(state).toEqual({
    id,
    version: 1,
    banned: false,
    since: expect.any(String),
    sessionEpoch: 1,
    deletedAt: state?.since,
  });
  expect(await stored(id)).toEqual(tombstone(id));
  expect((await signIn().expect(400)).body.code).toBe("invalid-credentials");
  expect(await whoIs(headers["set-cookie"])).toBeNull();
});

it("frees the email for another account, many times", async () => {
  const ids = new Set<string>();
  for (let time = 0; time < 3; time++) {
    const { body } = await signUp().expect(201);
    ids.add(body.id);
    await deleteAccount(signedIn(body.id, email)).expect(200);
  }
  expect(ids.size).toBe(3);
  await signUp().expect(201);
  await signIn().expect(200);
});

it("rejects a wrong password, and deletes nothing", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const { id } = await registered();
  const { body } = await deleteAccount(signedIn(id), { password: "wrong horse" }).expect(400);
  expect(body.code).toBe("invalid-credentials");
  expect((await deleteAccount(signedIn(id), {}).expect(400)).body.code).toBe("invalid-input");
  for (let count = 0; count < 10; count++) await deleteAccount(signedIn(id), { password: "wrong horse" });
  await deleteAccount(signedIn(id)).expect(429);
  expect(await findByEmail(email)).toMatchObject({ id });
});

it("is refused for a session of the account once it is deleted, and for one that was ended before", async () => {
  const { id } = await registered();
  await endSessionsOf(id);
  await deleteAccount(signedIn(id)).expect(401);
  const cookie = signedIn(id, email, 1);
  const responses = await Promise.all([deleteAccount(cookie), deleteAccount(cookie)]);
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 401]));
  await deleteAccount(cookie).expect(401);
  expect(await published("user:deleted")).toHaveLength(1);
});

it("deletes an account that is older than its events", async () => {
  const { id } = await registered();
  const added = { version: 1, outbox: 1, banned: 1, banChanges: 1, changedAt: 1, canonicalEmail: 1 } as const;
  await User.collection.updateOne({}, { $unset: added });
  await deleteAccount(signedIn(id)).expect(200);
  expect(await published("user:deleted")).toMatchObject([{ id, version: 1 }]);
  await signUp().expect(201);
});

it("cannot be banned, found, or be made an administrator afterwards", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await deleteAccount(signedIn(id)).expect(200);
  await post(`${id}/ban`, { reason: "Sells forged tickets" }, cookie).expect(404);
  for (const wanted of [email, `deleted:${id}`]) {
    const found = await request(app)
      .get("/api/users")
      .query({ email: wanted })
      .set("Cookie", cookie)
      .expect(200);
    expect(found.body).toEqual([]);
    await expect(grantAdmin([wanted])).rejects.toThrow("There is no account");
  }
});

describe("at the same time as", () => {
  it("a ban that is saved first: ban and account remain", async () => {
    const { cookie } = await admin();
    const { id } = await registered();
    const ban = () => post(`${id}/ban`, { reason: "Sells forged tickets" }, cookie).expect(200);
    beforeNextSave(ban);
    expect((await deleteAccount(signedIn(id)).expect(403)).body.code).toBe("banned");
    expect(await findByEmail(email)).toMatchObject({ id, banned: true });
  });

  it("a ban that is saved second: the account is deleted", async () => {
    const { cookie } = await admin();
    const { id } = await registered();
    beforeNextSave(() => deleteAccount(signedIn(id)).expect(200));
    await post(`${id}/ban`, { reason: "Sells forged tickets" }, cookie).expect(404);
    expect(await stored(id)).toEqual(tombstone(id));
  });

  it("a password change: the first write wins", async () => {
    const { id } = await registered();
    const change = () => post("password", { password, newPassword: "battery staple" }, signedIn(id));
    beforeNextSave(() => change().expect(200));
    await deleteAccount(signedIn(id)).expect(401);
    expect(await findByEmail(email)).toMatchObject({ id });

    const cookie = signedIn(id, email, 1);
    beforeNextSave(() => deleteAccount(cookie, { password: "battery staple" }).expect(200));
    await post("password", { password: "battery staple", newPassword: password }, cookie).expect(401);
    await signIn().expect(400);
  });

  it("a sign-in whose password was checked before", async () => {
    const { id } = await registered();
    afterNextRead(() => deleteAccount(signedIn(id)).expect(200));
    expect((await signIn().expect(400)).body.code).toBe("invalid-credentials");
    expect(await stored(id)).toEqual(tombstone(id));
  });

  it("a sign-in that stores its network between the read and the write", async () => {
    const { id } = await registered();
    beforeNextSave(() => signIn().expect(200));
    await deleteAccount(signedIn(id)).expect(200);
    expect(await stored(id)).toEqual(tombstone(id));
  });

  it("a request for an email, which has read the account before", async () => {
    const user = await registered();
    await deleteAccount(signedIn(user.id)).expect(200);
    await requestLink(user, "passwordReset");
    expect(await stored(user.id)).toEqual(tombstone(user.id));
  });

  it("canonicalize-emails, which has read the account before", async () => {
    const { id } = await registered();
    await User.updateOne({ _id: id }, { $unset: { canonicalEmail: 1 } });
    beforeNextUpdate(() => deleteAccount(signedIn(id)).expect(200));
    await canonicalizeEmails();
    expect(await stored(id)).toEqual(tombstone(id));
  });
});

it("is denied to an administrator, whose email is erased once the role is revoked", async () => {
  const { id, cookie } = await admin();
  const banned = await registered();
  await post(`${banned.id}/ban`, { reason: "Sells forged tickets" }, cookie).expect(200);
  expect((await deleteAccount(cookie).expect(403)).body.code).toBe("is-admin");
  await User.updateOne({ _id: id }, { $unset: { isAdmin: 1 } });
  await deleteAccount(cookie).expect(200);
  const { banChanges } = await User.findById(banned.id).orFail();
  expect(banChanges.map(({ by }) => by)).toEqual(["deleted account"]);
});

it("republishes from the fields that remain", async () => {
  const { id } = await registered();
  await deleteAccount(signedIn(id)).expect(200);
  const broker = new MemoryBroker();
  expect(await republish(database, broker.connect("auth"))).toBe(1);
  expect(broker.published()).toMatchObject([{ subject: "user:deleted" }]);
});

it("is repeated by a rebuild of an older copy, which inserts no account", async () => {
  const bus = new MemoryBroker().connect("auth");
  const { id } = await registered();
  const copy = await stored(id);
  await deleteAccount(signedIn(id)).expect(200);
  await republish(database, bus);
  await User.deleteMany({});
  await User.collection.insertOne({ ...copy, _id: key(id) });
  expect(await rebuild(database, bus)).toBe(2); // the account, and the replica of its sessions
  const { outbox: _, changedAt: __, ...left } = tombstone(id);
  expect(await stored(id)).toMatchObject({ ...left, sessionEpoch: 1 });
  expect(await stored(id)).not.toHaveProperty("canonicalEmail");
  await User.deleteMany({});
  expect(await rebuild(database, bus)).toBe(0);
});

it("returns 409 when every attempt loses the race", async () => {
  const { id } = await registered();
  await whileRacesAreLost(User, async () => {
    expect((await deleteAccount(signedIn(id)).expect(409)).body.code).toBe("changed");
  });
  await signIn().expect(200);
});
