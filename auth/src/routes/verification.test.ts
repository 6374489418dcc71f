import { clock, hours } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { setUpMailbox, tokenIn } from "../../../infra/mailbox/testing";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { sendMails } from "../send-mails";
import { password, registered } from "../../test/fixtures";

Object.assign(process.env, {
  MAX_FAILED_SIGN_INS_PER_NETWORK: "20",
  MAX_MAILS_PER_NETWORK_PER_HOUR: "8",
  MAX_MAILS_PER_SITE_PER_HOUR: "12",
});
setUpService(database);
const mailbox = setUpMailbox();

const email = "alice@example.com";
const signUp = () => request(app).post("/api/users/signup").send({ email, password });
const requestMail = (cookie: string, address = "203.0.113.7") =>
  request(app).post("/api/users/verification").set("Cookie", cookie).set("X-Forwarded-For", address);
const confirm = (token: unknown) => request(app).post("/api/users/verification/confirm").send({ token });
const isVerified = async (cookie: string) =>
  (await request(app).get("/api/users/verification").set("Cookie", cookie).expect(200)).body.emailVerified;

/** A new account, the Cookie header of its session, and the token in its email. */
async function signedUp() {
  const { body, headers } = await signUp().expect(201);
  await sendMails.verification.run();
  return { id: body.id, cookie: String(headers["set-cookie"]), token: tokenIn(mailbox.mails.at(-1)) };
}

it("verifies a new account's address via the emailed link, once", async () => {
  const { cookie, token } = await signedUp();
  expect(await isVerified(cookie)).toBe(false);
  await confirm(token).expect(204);
  expect(await isVerified(cookie)).toBe(true);
  expect((await confirm(token).expect(400)).body.code).toBe("invalid-link");
});

it("accepts one of many concurrent uses of a link", async () => {
  const { token } = await signedUp();
  const responses = await Promise.all(Array.from({ length: 10 }, () => confirm(token)));
  expect(responses.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    204,
    ...Array(9).fill(400),
  ]);
});

it("rejects a link that has expired, and one that was replaced", async () => {
  const { cookie, token } = await signedUp();
  await requestMail(cookie).expect(202);
  await sendMails.verification.run();
  await confirm(token).expect(400);
  const now = clock.now();
  clock.use(() => now + hours(24) + 1000);
  await confirm(tokenIn(mailbox.mails[1])).expect(400);
  clock.use(() => now + hours(23));
  await confirm(tokenIn(mailbox.mails[1])).expect(204);
});

it.each([
  ["of another account", (token: string) => newId() + token.slice(24)],
  ["with another secret", (token: string) => `${token.slice(0, 25)}${"A".repeat(43)}`],
  ["that was cut off", (token: string) => token.slice(0, -1)],
  [
    "of another kind",
    async (token: string) => {
      await User.updateOne({}, { $rename: { verification: "passwordReset" } }, { strict: false });
      return token;
    },
  ],
])("rejects a link %s", async (_, changed) => {
  const { cookie, token } = await signedUp();
  expect((await confirm(await changed(token)).expect(400)).body.code).toBe("invalid-link");
  expect(await isVerified(cookie)).toBe(false);
});

it.each([undefined, "", 7, { $gt: "" }, "x".repeat(201)])("rejects the token %p", async (token) => {
  const { body } = await confirm(token).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "token" }] });
});

it("signs up even where the mailbox has received too many emails", async () => {
  for (let count = 0; count < 6; count++) {
    await User.deleteMany({});
    await signUp().expect(201);
    await sendMails.verification.run();
  }
  expect(mailbox.mails).toHaveLength(5);
});

it("sends at most five emails an hour to a mailbox", async () => {
  const { cookie } = await signedUp();
  for (let count = 0; count < 4; count++) await requestMail(cookie).expect(202);
  const { body, headers } = await requestMail(cookie).expect(429);
  expect(body.code).toBe("too-many-attempts");
  expect(Number(headers["retry-after"])).toBeGreaterThan(3500);
});

it("limits the emails that a network and a site request", async () => {
  const cookies = await Promise.all(
    Array.from({ length: 14 }, async (_, number) => {
      const { id } = await registered(`user-${number}@example.com`);
      return signedIn(id);
    }),
  );
  const statuses = async (from: number, to: number, address: string) =>
    Promise.all(
      cookies.slice(from, to).map((cookie) => requestMail(cookie, address).then(({ status }) => status)),
    );
  const first = await statuses(0, 9, "2001:db8:1:1::1");
  expect(first.filter((status) => status === 202)).toHaveLength(8);
  const second = await statuses(9, 14, "2001:db8:1:2::1");
  expect(second.filter((status) => status === 202)).toHaveLength(4);
});

it("sends no email to an address that is verified, or without an account", async () => {
  const { cookie, token } = await signedUp();
  await confirm(token).expect(204);
  expect((await requestMail(cookie).expect(400)).body.code).toBe("already-verified");
  await requestMail(signedIn()).expect(401);
  await request(app).get("/api/users/verification").set("Cookie", signedIn()).expect(401);
});

it("counts wrong links as failed sign-ins from their address", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const wrong = `${newId()}-${"A".repeat(43)}`;
  await Promise.all(Array.from({ length: 20 }, () => confirm(wrong).expect(400)));
  await confirm(wrong).expect(429);
});
