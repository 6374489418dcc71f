import { clock } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { admin, endSessionsOf, hearSignOut, registered, whoIs } from "../../test/fixtures";

process.env.MAX_SESSION_ENDS_PER_HOUR = "3"; // read at first use

const service = setUpService(database);
const { published } = service;

const endSessions = (cookie: string) => request(app).delete("/api/users/sessions").set("Cookie", cookie);

it("ends all sessions except the requesting browser's, and publishes no personal data", async () => {
  const { id, email } = await registered();
  const [asking, other] = [signedIn(id, email), signedIn(id, email)];
  const { body, headers } = await endSessions(asking).expect(200);
  expect(body).toEqual({ id, email });
  const ended = { id, version: 1, banned: false, since: expect.any(String), sessionEpoch: 1 };
  expect(await published("user:signed-out")).toEqual([ended]);
  await hearSignOut(service);
  expect([await whoIs(asking), await whoIs(other)]).toEqual([null, null]);
  expect(await whoIs(headers["set-cookie"])).toBe(id);
});

it("refuses an ended session before the service has received the event, and a banned user", async () => {
  const { id } = await registered();
  await endSessionsOf(id);
  expect((await endSessions(signedIn(id)).expect(401)).body.code).toBe("not-signed-in");
  await User.updateOne({ _id: id }, { banned: true });
  expect((await endSessions(signedIn(id, undefined, 1)).expect(403)).body.code).toBe("banned");
  await endSessions(signedIn(newId())).expect(401);
  expect(await published("user:signed-out")).toHaveLength(1);
});

it("keeps one of two sessions that end each other concurrently", async () => {
  const { id, email } = await registered();
  const responses = await Promise.all([endSessions(signedIn(id, email)), endSessions(signedIn(id, email))]);
  expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  expect(await published("user:signed-out")).toHaveLength(1);
});

it("ends the sessions of an account created before accounts had events", async () => {
  const { id } = await registered();
  const { collection } = User;
  await collection.updateOne(
    {},
    { $unset: { version: 1, outbox: 1, banned: 1, banChanges: 1, changedAt: 1 } },
  );
  await endSessions(signedIn(id)).expect(200);
  expect(await published("user:signed-out")).toMatchObject([
    { id, version: 1, banned: false, sessionEpoch: 1 },
  ]);
});

it("is limited per account", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const { id, email } = await registered();
  for (let epoch = 0; epoch < 3; epoch++) await endSessions(signedIn(id, email, epoch)).expect(200);
  const { body, headers } = await endSessions(signedIn(id, email, 3)).expect(429);
  expect([body.code, headers["retry-after"]]).toEqual(["too-many-attempts", "1"]);
  const other = await registered("bob@example.com");
  await endSessions(signedIn(other.id)).expect(200);
});

it("ends the sessions of an administrator before the service has received the event", async () => {
  const { id, cookie } = await admin();
  const find = () => request(app).get("/api/users?email=admin@example.com").set("Cookie", cookie);
  await find().expect(200);
  await endSessionsOf(id);
  await find().expect(401);
});

it("returns 409 when every attempt loses the race", async () => {
  const { cookie } = await admin();
  await whileRacesAreLost(User, async () => {
    const { body } = await request(app).delete("/api/users/sessions").set("Cookie", cookie).expect(409);
    expect(body.code).toBe("changed");
  });
});
