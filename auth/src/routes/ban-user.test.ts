import { onFailpoint } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { admin, afterNextRead, password, registered } from "../../test/fixtures";

const { published } = setUpService(database);
afterEach(() => onFailpoint(undefined));

const reason = "Sells forged tickets";
const ban = (cookie: string, id: string, body: object = { reason }) =>
  request(app).post(`/api/users/${id}/ban`).set("Cookie", cookie).send(body);
const unban = (cookie: string, id: string) =>
  request(app).delete(`/api/users/${id}/ban`).set("Cookie", cookie);
const signIn = (email: string) => request(app).post("/api/users/signin").send({ email, password });

it("bans a user, publishes it without personal data, and refuses to sign them in", async () => {
  const { cookie } = await admin();
  const { id, email } = await registered();
  const { body } = await ban(cookie, id).expect(200);
  const change = { banned: true, at: expect.any(String), by: "admin@example.com", reason };
  expect(body).toEqual({ id, email, createdAt: expect.any(String), banned: true, banChanges: [change] });
  expect(await published("user:banned")).toEqual([
    { id, version: 1, banned: true, since: body.banChanges[0].at },
  ]);
  const refusal = await signIn(email).expect(403);
  expect(refusal.body.code).toBe("banned");
  expect(refusal.headers["set-cookie"]).toBeUndefined();
});

it("lets the user sign in again after the ban, and keeps its history", async () => {
  const { cookie } = await admin();
  const { id, email } = await registered();
  await ban(cookie, id).expect(200);
  const { body } = await unban(cookie, id).expect(200);
  expect(body).toMatchObject({ banned: false, banChanges: [{ banned: true, reason }, { banned: false }] });
  expect(await published("user:unbanned")).toMatchObject([{ id, version: 2, banned: false }]);
  await signIn(email).expect(200);
});

it("changes and publishes nothing the second time", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await ban(cookie, id).expect(200);
  expect((await ban(cookie, id, { reason: "another" }).expect(200)).body.banChanges).toHaveLength(1);
  await unban(cookie, id).expect(200);
  expect((await unban(cookie, id).expect(200)).body.banChanges).toHaveLength(2);
  expect(await published("user:banned")).toHaveLength(1);
  expect(await published("user:unbanned")).toHaveLength(1);
});

it("bans an account that was created before bans existed", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await User.collection.updateOne(
    { email: "alice@example.com" },
    { $unset: { version: 1, outbox: 1, banned: 1, banChanges: 1, changedAt: 1 } },
  );
  await signIn("alice@example.com").expect(200);
  await ban(cookie, id).expect(200);
  expect(await published("user:banned")).toMatchObject([{ id, version: 1 }]);
});

it("refuses a sign-in whose password was checked before the ban", async () => {
  const { cookie } = await admin();
  const { id, email } = await registered();
  afterNextRead(() => ban(cookie, id).expect(200));
  expect((await signIn(email).expect(403)).body.code).toBe("banned");
});

it("saves one of two concurrent bans, and retries the other", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await Promise.all([ban(cookie, id).expect(200), ban(cookie, id).expect(200)]);
  expect(await published("user:banned")).toHaveLength(1);
});

it("rejects a missing reason, an unknown user, and a ban of oneself", async () => {
  const { id, cookie } = await admin();
  expect((await ban(cookie, newId(), { reason: " " }).expect(400)).body.code).toBe("invalid-input");
  await ban(cookie, newId()).expect(404);
  await ban(cookie, "nobody").expect(404);
  await unban(cookie, newId()).expect(404);
  expect((await ban(cookie, id).expect(400)).body.code).toBe("own-account");
});

it("rejects everyone else: users, visitors, and administrators who were banned or have lost the role", async () => {
  const { id } = await registered();
  const all = (cookie: string) => [
    ban(cookie, id),
    unban(cookie, id),
    request(app).get("/api/users?email=alice@example.com").set("Cookie", cookie),
  ];
  for (const sent of all("")) await sent.expect(401);
  const refused = async (cookie: string) => {
    for (const sent of all(cookie)) expect((await sent.expect(403)).body.code).toBe("not-admin");
  };
  await refused(signedIn(id));
  const [first, second] = [await admin("first@example.com"), await admin("second@example.com")];
  await ban(first.cookie, second.id).expect(200);
  await refused(second.cookie);
  await User.updateOne({ _id: first.id }, { $unset: { isAdmin: 1 } });
  await refused(first.cookie);
});

it("returns 409 when every attempt loses the race", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await whileRacesAreLost(User, async () => {
    expect((await ban(cookie, id).expect(409)).body.code).toBe("changed");
    await User.updateOne({ _id: id }, { banned: true });
    expect((await unban(cookie, id).expect(409)).body.code).toBe("changed");
  });
});
