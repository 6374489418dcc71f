import { clock, minutes } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { whileRacesAreLost } from "../../../common/test/lost-races";
import { setUpMailbox, tokenIn } from "../../../infra/mailbox/testing";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { sendMails } from "../send-mails";
import { admin, password, registered } from "../../test/fixtures";

Object.assign(process.env, {
  MAX_FAILED_SIGN_INS_PER_NETWORK: "10",
  MAX_MAILS_PER_NETWORK_PER_HOUR: "8",
  MAX_MAILS_PER_SITE_PER_HOUR: "12",
});
const { published } = setUpService(database);
const mailbox = setUpMailbox();

const email = "alice@example.com";
const newPassword = "battery staple";
const post = (path: string, body: object, address = "203.0.113.7") =>
  request(app).post(`/api/users/${path}`).set("X-Forwarded-For", address).send(body);
const forgot = (body: object = { email }, address?: string) => post("password-reset", body, address);
const reset = (token: string, secret = newPassword) =>
  post("password-reset/confirm", { token, password: secret });
const signIn = (secret: string) => post("signin", { email, password: secret });

/** The token in the email that a request has caused. */
async function requested(): Promise<string> {
  await forgot().expect(202);
  await sendMails.passwordReset.run();
  return tokenIn(mailbox.mails.at(-1));
}

it("sets a new password via the emailed link, once, and ends all sessions", async () => {
  const { id } = await registered();
  const token = await requested();
  expect(mailbox.mails).toMatchObject([{ to: email, subject: "Reset your password" }]);
  expect(mailbox.mails[0]?.text).toContain("http://localhost:3000/reset-password?token=");
  await signIn(password).expect(200);
  const { headers } = await reset(token).expect(204);
  expect(headers["set-cookie"]).toBeUndefined();
  await signIn(password).expect(400);
  await signIn(newPassword).expect(200);
  expect(await published("user:signed-out")).toMatchObject([{ id, sessionEpoch: 1, banned: false }]);
  expect((await reset(token, "another secret").expect(400)).body.code).toBe("invalid-link");
  await signIn(newPassword).expect(200);
});

it("informs the owner of the new password", async () => {
  await registered();
  await reset(await requested()).expect(204);
  await sendMails.passwordChanged.run();
  expect(mailbox.mails.at(-1)).toMatchObject({ to: email, subject: "Your password was changed" });
});

it("verifies the email, too", async () => {
  await registered();
  await reset(await requested()).expect(204);
  const user = await User.findOne().orFail();
  expect([user.emailVerified, user.passwordReset, user.verification]).toEqual([true, undefined, undefined]);
});

it("accepts one of several concurrent uses of a link", async () => {
  await registered();
  const token = await requested();
  const secrets = Array.from({ length: 5 }, (_, number) => `new password ${number}`);
  const responses = await Promise.all(secrets.map((secret) => reset(token, secret)));
  const winners = secrets.filter((_, index) => responses[index]?.status === 204);
  expect(responses.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    204, 400, 400, 400, 400,
  ]);
  await signIn(winners[0] ?? "").expect(200);
});

it("rejects a link after 30 minutes, and one that a later email replaced", async () => {
  await registered();
  const [first, second] = [await requested(), await requested()];
  await reset(first).expect(400);
  const now = clock.now();
  clock.use(() => now + minutes(30) + 1000);
  await reset(second).expect(400);
  clock.use(() => now + minutes(29));
  await reset(second).expect(204);
});

it("rejects a link from before the password was changed", async () => {
  const { id } = await registered();
  const token = await requested();
  await request(app)
    .post("/api/users/password")
    .set("Cookie", signedIn(id, email))
    .send({ password, newPassword })
    .expect(200);
  await reset(token, "another secret").expect(400);
});

it("keeps the link valid while another email cannot be sent", async () => {
  await registered();
  const token = await requested();
  await forgot().expect(202);
  await reset(token).expect(204);
});

it("finds the account by any spelling of the address, and sends to the one of the account", async () => {
  await registered("u@bücher.example");
  await forgot({ email: "U@XN--bcher-kva.example" }).expect(202);
  await sendMails.passwordReset.run();
  expect(mailbox.mails).toMatchObject([{ to: "u@xn--bcher-kva.example" }]);
});

it("responds the same, after the same writes, whether the email has an account or not", async () => {
  await registered();
  const writes: string[] = [];
  database.set("debug", (_collection: string, method: string) => {
    if (method !== "find") writes.push(method); // the relay reads, too
  });
  const workOf = async (body: object) => {
    writes.length = 0;
    const { text, headers } = await forgot(body).expect(202);
    const { date, "x-request-id": _, ...rest } = headers;
    return { text, rest, writes: writes.length };
  };
  const ofAccount = await workOf({ email });
  expect(await workOf({ email: "nobody@example.com" })).toEqual(ofAccount);
  expect(ofAccount.writes).toBe(4);
  database.set("debug", false);
  await sendMails.passwordReset.run();
  expect(mailbox.mails).toHaveLength(1);
});

it("keeps no email of strangers", async () => {
  await forgot({ email: "stranger@example.com" }).expect(202);
  const counts = await database.collection("attemptcounts").find().toArray();
  expect(counts.length).toBeGreaterThan(0);
  expect(JSON.stringify(counts)).not.toMatch(/stranger|203\.0\.113/);
});

it("sends at most five emails an hour to a mailbox, whether or not it has an account", async () => {
  for (const address of ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5"])
    await forgot({ email: "nobody@example.com" }, address).expect(202);
  const { body } = await forgot({ email: "Nobody@example.com" }, "198.51.100.6").expect(429);
  expect(body.code).toBe("too-many-attempts");
});

describe("a user who has signed in before", () => {
  const home = "198.51.100.200";
  const signedInAt = async (address: string) => {
    await registered();
    await post("signin", { email, password }, address).expect(200);
  };
  const requestElsewhere = async () => {
    for (let number = 0; number < 5; number++) await forgot({ email }, `198.51.100.${number}`).expect(202);
    await forgot({ email }, "198.51.100.5").expect(429);
  };

  it("can reset the password from that network although a stranger has requested too many emails", async () => {
    await signedInAt(home);
    await requestElsewhere();
    await forgot({ email }, home).expect(202);
    await sendMails.passwordReset.run();
    await reset(tokenIn(mailbox.mails.at(-1))).expect(204);
  });

  it("is sent five emails an hour on request from there", async () => {
    await signedInAt(home);
    for (let count = 0; count < 5; count++) await forgot({ email }, home).expect(202);
    expect((await forgot({ email }, home).expect(429)).body.code).toBe("too-many-attempts");
    await requestElsewhere();
  });

  it("has no such budget there for other accounts", async () => {
    await signedInAt(home);
    for (let number = 0; number < 5; number++)
      await forgot({ email: "bob@example.com" }, `198.51.100.${number}`).expect(202);
    await forgot({ email: "bob@example.com" }, home).expect(429);
  });
});

it("limits the emails that a network and a site request", async () => {
  const statuses = (count: number, address: string) =>
    Promise.all(
      Array.from({ length: count }, (_, number) =>
        forgot({ email: `${number}@${address.replaceAll(":", "")}.example.com` }, address).then(
          ({ status }) => status,
        ),
      ),
    );
  const accepted = async (count: number, address: string) =>
    (await statuses(count, address)).filter((status) => status === 202).length;
  expect(await accepted(10, "2001:db8:1:1::1")).toBe(8);
  expect(await accepted(10, "2001:db8:1:2::1")).toBe(4);
});

it("lets a banned user set a password, but not sign in", async () => {
  const { cookie } = await admin();
  const { id } = await registered();
  await request(app).post(`/api/users/${id}/ban`).set("Cookie", cookie).send({ reason: "Spam" }).expect(200);
  await reset(await requested()).expect(204);
  expect((await signIn(newPassword).expect(403)).body.code).toBe("banned");
});

it("works for an account that is older than bans", async () => {
  await registered();
  await User.collection.updateOne({ email }, { $unset: { version: 1, outbox: 1, banned: 1 } });
  await reset(await requested()).expect(204);
  await signIn(newPassword).expect(200);
});

it("counts wrong links as failed sign-ins from their address", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const wrong = `${newId()}-${"A".repeat(43)}`;
  for (let attempt = 0; attempt < 10; attempt++) await reset(wrong).expect(400);
  expect((await reset(wrong).expect(429)).body.code).toBe("too-many-attempts");
});

it("returns 409 when every attempt loses the race, and leaves the link valid", async () => {
  await registered();
  const token = await requested();
  await whileRacesAreLost(User, async () => {
    expect((await reset(token).expect(409)).body.code).toBe("changed");
  });
  await reset(token).expect(204);
});

it.each([
  ["no token", { password: newPassword }, "token"],
  ["a short password", { token: "x", password: "1234567" }, "password"],
])("rejects %s", async (_, body, field) => {
  const response = await post("password-reset/confirm", body).expect(400);
  expect(response.body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});
