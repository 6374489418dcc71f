import { clock, hours, minutes, seconds } from "@eventhive/common";
import { setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { setUpMailbox, tokenIn } from "../../infra/mailbox/testing";
import { app } from "./app";
import { database } from "./database";
import { type Purpose, claimLink } from "./models/email-link";
import { User } from "./models/user";
import { sendMails } from "./send-mails";
import { password, registered } from "../test/fixtures";

setUpService(database);
const mailbox = setUpMailbox();

const email = "alice@example.com";
let now = 0;
beforeEach(() => {
  now = Date.parse("2030-01-01T12:00:00Z");
  clock.use(() => now);
});

const signUp = () => request(app).post("/api/users/signup").send({ email, password }).expect(201);
const requestReset = () => request(app).post("/api/users/password-reset").send({ email }).expect(202);
const confirm = (token: string) => request(app).post("/api/users/verification/confirm").send({ token });
const stored = (purpose: Purpose) => User.findOne().then((user) => user?.[purpose]);

it("sends an email once", async () => {
  await signUp();
  await sendMails.verification.run();
  await sendMails.verification.run();
  expect(mailbox.mails).toMatchObject([{ to: email, subject: "Confirm your email address" }]);
  expect(mailbox.mails[0]?.text).toContain("http://localhost:3000/verify-email?token=");
});

it("lets one of several processes send an email that all of them have found", async () => {
  await signUp();
  const found = await Promise.all([1, 2, 3].map(() => User.findOne().orFail()));
  const tokens = await Promise.all(found.map((user) => claimLink(user, "verification")));
  expect(tokens.filter((token) => token !== undefined)).toHaveLength(1);
});

it("stores the link as a hash only", async () => {
  await signUp();
  await sendMails.verification.run();
  const [, secret = ""] = /-([\w-]+)$/.exec(tokenIn(mailbox.mails[0])) ?? [];
  expect(secret).toMatch(/^[\w-]{43}$/);
  const all = await Promise.all(
    (await database.listCollections()).map(({ name }) => database.collection(name).find().toArray()),
  );
  expect(JSON.stringify(all)).not.toContain(secret);
});

it("sends the email of a process that crashed while it sent it", async () => {
  await signUp();
  await claimLink(await User.findOne().orFail(), "verification");
  await sendMails.verification.run();
  expect(mailbox.mails).toEqual([]);
  now += minutes(1);
  await sendMails.verification.run();
  expect(mailbox.mails).toHaveLength(1);
  await confirm(tokenIn(mailbox.mails[0])).expect(204);
});

it("repeats what the server did not accept, with growing pauses, as long as the link would be valid", async () => {
  await registered();
  await requestReset();
  const attempts: number[] = [];
  mailbox.accepts = () => {
    attempts.push((now - Date.parse("2030-01-01T12:00:00Z")) / minutes(1));
    return false;
  };
  for (let minute = 0; minute < 120; minute++) {
    await sendMails.passwordReset.run();
    now += minutes(1);
  }
  expect(attempts).toEqual([0, 1, 3, 7, 15]);
  expect((await stored("passwordReset"))?.dueAt).toBeUndefined();
});

it("makes no more than ten attempts", async () => {
  await signUp();
  let attempts = 0;
  mailbox.accepts = () => {
    attempts += 1;
    return false;
  };
  for (let hour = 0; hour < 20; hour++) {
    await sendMails.verification.run();
    now += hours(1);
  }
  expect(attempts).toBe(10);
});

it("informs the owner of a changed password, without a secret", async () => {
  const { id } = await registered();
  await request(app)
    .post("/api/users/password")
    .set("Cookie", signedIn(id, email))
    .send({ password, newPassword: "battery staple" })
    .expect(200);
  await sendMails.passwordChanged.run();
  await sendMails.passwordChanged.run();
  expect(mailbox.mails).toMatchObject([{ to: email, subject: "Your password was changed" }]);
  expect(mailbox.mails[0]?.text).toMatch(/\n\nhttp:\/\/localhost:3000\/forgot-password$/);
});

it("informs the owner of at most five changes an hour, but changes the password regardless", async () => {
  const { id } = await registered();
  let cookie = signedIn(id, email);
  let current = password;
  for (let change = 0; change < 7; change++) {
    const newPassword = `password number ${change}`;
    const { headers } = await request(app)
      .post("/api/users/password")
      .set("Cookie", cookie)
      .send({ password: current, newPassword })
      .expect(200);
    cookie = headers["set-cookie"] ?? "";
    current = newPassword;
    await sendMails.passwordChanged.run();
  }
  expect(mailbox.mails).toHaveLength(5);
});

it("sends again what is requested while an email is being sent", async () => {
  await registered();
  await requestReset();
  mailbox.accepts = async () => {
    now += seconds(1);
    if (mailbox.mails.length === 0) await requestReset();
    return true;
  };
  await sendMails.passwordReset.run();
  await sendMails.passwordReset.run();
  expect(mailbox.mails).toHaveLength(2);
  expect((await stored("passwordReset"))?.dueAt).toBeUndefined();
});
