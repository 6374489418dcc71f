import { clock, onFailpoint } from "@eventhive/common";
import { setUpService, signedIn } from "@eventhive/common/testing";
import request, { type Response } from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { afterNextRead, endSessionsOf, hearSignOut, password, registered, whoIs } from "../../test/fixtures";

const service = setUpService(database);
const { published } = service;
afterEach(() => onFailpoint(undefined));

const newPassword = "battery staple";
const change = (cookie: string, body: object = {}) =>
  request(app)
    .post("/api/users/password")
    .set("Cookie", cookie)
    .send({ password, newPassword, ...body });
const signIn = (body: object) =>
  request(app)
    .post("/api/users/signin")
    .send({ email: "alice@example.com", password, ...body });

it("changes the password, and ends all sessions except the requesting browser's", async () => {
  const { id, email } = await registered();
  const [asking, other] = [signedIn(id, email), signedIn(id, email)];
  const { body, headers } = await change(asking).expect(200);
  expect(body).toEqual({ id, email });
  expect(await published("user:signed-out")).toEqual([
    { id, version: 1, banned: false, since: expect.any(String), sessionEpoch: 1 },
  ]);
  await hearSignOut(service);
  expect([await whoIs(asking), await whoIs(other)]).toEqual([null, null]);
  expect(await whoIs(headers["set-cookie"])).toBe(id);

  expect((await signIn({}).expect(400)).body.code).toBe("invalid-credentials");
  const later = await signIn({ password: newPassword }).expect(200);
  expect(await whoIs(later.headers["set-cookie"])).toBe(id);
});

it("rejects a wrong current password, and a new one that a sign-up would reject", async () => {
  const { id, email } = await registered();
  const cookie = signedIn(id, email);
  const wrong = await change(cookie, { password: "wrong horse" }).expect(400);
  expect(wrong.body.code).toBe("invalid-credentials");
  expect(wrong.headers["set-cookie"]).toBeUndefined();
  for (const bad of ["short", " ".repeat(8), "x".repeat(129), 12345678, undefined]) {
    const { body } = await change(cookie, { newPassword: bad }).expect(400);
    expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "newPassword" }] });
  }
  expect(await published("user:signed-out")).toEqual([]);
  await signIn({}).expect(200);
});

it("shares the limit of sign-ins, so that a stolen session does not help to guess the password", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const { id, email } = await registered();
  const guess = () => change(signedIn(id, email), { password: "wrong horse" });
  for (let count = 0; count < 5; count++) await guess().expect(400);
  for (let count = 0; count < 5; count++) await signIn({ password: "wrong horse" }).expect(400);
  expect((await guess().expect(429)).body.code).toBe("too-many-attempts");
});

it("is limited per account, together with other requests that end its sessions", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const { id, email } = await registered();
  let cookie = signedIn(id, email);
  const follow = ({ headers }: Response) => (cookie = headers["set-cookie"] ?? "");
  for (let count = 0; count < 5; count++) {
    follow(await change(cookie, { newPassword: password }).expect(200));
    follow(await request(app).delete("/api/users/sessions").set("Cookie", cookie).expect(200));
  }
  const { body, headers } = await change(cookie).expect(429);
  expect([body.code, headers["retry-after"]]).toEqual(["too-many-attempts", "1"]);
  await signIn({}).expect(200);
  expect(await published("user:signed-out")).toHaveLength(10);
});

it("refuses a sign-in whose password was checked before the change", async () => {
  const { id, email } = await registered();
  afterNextRead(() => change(signedIn(id, email)).expect(200));
  const refusal = await signIn({}).expect(400);
  expect(refusal.body.code).toBe("invalid-credentials");
  expect(refusal.headers["set-cookie"]).toBeUndefined();
});

it("keeps one of two concurrent changes, whose session stays valid", async () => {
  const { id, email } = await registered();
  const passwords = ["battery staple", "staple battery"];
  const responses = await Promise.all(
    passwords.map((each) => change(signedIn(id, email), { newPassword: each })),
  );
  const won = responses.findIndex(({ status }) => status === 200);
  expect(responses[1 - won]?.status).toBe(401);
  await signIn({ password: passwords[won] }).expect(200);
  await signIn({ password: passwords[1 - won] }).expect(400);
});

it("refuses a session that ends while the change is saved, and keeps the password", async () => {
  const { id, email } = await registered();
  onFailpoint(async (name) => {
    if (name !== "auth.save.before") return;
    onFailpoint(undefined);
    await endSessionsOf(id);
  });
  await change(signedIn(id, email)).expect(401);
  await signIn({}).expect(200);
});

it("refuses a banned user before the service has received the event", async () => {
  const { id } = await registered();
  await User.updateOne({ _id: id }, { banned: true });
  expect((await change(signedIn(id)).expect(403)).body.code).toBe("banned");
});

it("returns 409 when every attempt loses the race", async () => {
  const { id, email } = await registered();
  await whileRacesAreLost(User, async () => {
    expect((await change(signedIn(id, email)).expect(409)).body.code).toBe("changed");
  });
  await signIn({}).expect(200);
});
