import { StoreUnavailableError, clock, hours, seconds } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { database } from "./database";
import { refusedAttempts } from "./metrics";
import { User } from "./models/user";
import { password, registered } from "../test/fixtures";
import { throttled } from "./throttling";

Object.assign(process.env, { SIGNUPS_PER_HOUR: "3", SIGNUPS_PER_SITE_PER_HOUR: "5" });
setUpService(database);

let now = 0;
beforeEach(() => {
  now = Date.parse("2030-01-01T12:00:00Z");
  clock.use(() => now);
});

const post = (path: string, body: object, address = "203.0.113.7") =>
  request(app).post(`/api/users/${path}`).set("X-Forwarded-For", address).send(body);
const signIn = (body: object, address?: string) =>
  post("signin", { email: "alice@example.com", ...body }, address);
const guess = (email = "alice@example.com", address?: string) =>
  signIn({ email, password: "wrong horse" }, address);

const many = <T>(count: number, make: (number: number) => PromiseLike<T>) =>
  Promise.all(Array.from({ length: count }, (_, number) => make(number)));
const statuses = (responses: { status: number }[], status: number) =>
  responses.filter((response) => response.status === status).length;

it("makes each further attempt wait longer after ten failures", async () => {
  await registered();
  expect(statuses(await many(10, () => guess()), 400)).toBe(10);

  for (const wait of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const { body, headers } = await guess().expect(429);
    expect(body.code).toBe("too-many-attempts");
    expect(headers["retry-after"]).toBe(String(wait));
    now += seconds(wait) - 1;
    expect((await signIn({ password }).expect(429)).headers["retry-after"]).toBe("1");
    now += 1;
    await guess().expect(400);
  }
});

it("lets ten of a hundred parallel guesses through, and one after each wait", async () => {
  await registered();
  const responses = await many(100, () => guess());
  expect([statuses(responses, 400), statuses(responses, 429)]).toEqual([10, 90]);

  now += seconds(1);
  const more = await many(20, () => guess());
  expect([statuses(more, 400), statuses(more, 429)]).toEqual([1, 19]);
});

it("does not delay anyone because another process's clock is ahead", async () => {
  await registered();
  await guess().expect(400);
  now -= 1;
  await guess().expect(400);
  await signIn({ password }).expect(200);
  now -= 1;
  await guess().expect(400);
});

it("counts the spellings of an email as one account, known or not", async () => {
  const responses = await many(20, (number) =>
    guess(number % 2 ? "nobody@example.com" : "NOBODY@example.com"),
  );
  expect([statuses(responses, 400), statuses(responses, 429)]).toEqual([10, 10]);
});

it("counts the spellings of a domain as one account", async () => {
  const responses = await many(20, (number) =>
    guess(number % 2 ? "u@bücher.example" : "u@xn--bcher-kva.example"),
  );
  expect([statuses(responses, 400), statuses(responses, 429)]).toEqual([10, 10]);
});

it("counts an account's failures from all addresses, and no other account's", async () => {
  await registered();
  await many(10, (number) => guess("alice@example.com", `198.51.100.${number}`));
  await guess().expect(429);
  await guess("bob@example.com").expect(400);
});

it("resets an account's failures when it signs in", async () => {
  await registered();
  await many(10, () => guess());
  now += seconds(1);
  await signIn({ password }).expect(200);
  expect(statuses(await many(10, () => guess()), 400)).toBe(10);
  await guess().expect(429);
});

it("resets an account's failures after an hour", async () => {
  await many(10, () => guess());
  now += hours(1);
  expect(statuses(await many(11, () => guess()), 400)).toBe(10);
});

it("makes an address wait after 200 failures, whatever the accounts, and no other address", async () => {
  await registered();
  for (let hundred = 0; hundred < 2; hundred++) {
    const responses = await many(100, (number) => guess(`user-${hundred}-${number}@example.com`));
    expect(statuses(responses, 400)).toBe(100);
  }
  expect((await signIn({ password }).expect(429)).headers["retry-after"]).toBe("1");
  await signIn({ password }, "203.0.113.8").expect(200);

  // A success is taken back from what the address counts, with its wait, and forgives nothing.
  now += seconds(1);
  await signIn({ password }).expect(200);
  await guess("bob@example.com").expect(400);
  expect((await guess("carol@example.com").expect(429)).headers["retry-after"]).toBe("2");
});

it("counts attempts rejected by an account's limit against the address, so that guessing ends", async () => {
  await registered("bob@example.com");
  for (let hundred = 0; hundred < 2; hundred++) await many(100, () => guess());
  expect((await guess("bob@example.com").expect(429)).headers["retry-after"]).toBe("1");
  await guess("bob@example.com", "203.0.113.8").expect(400);
});

describe("a user who has signed in before", () => {
  const home = "198.51.100.1";
  const signUp = (address: string) => post("signup", { email: "alice@example.com", password }, address);

  /** Once a second, from one address after the other, until each of them has to wait. */
  async function lockOut(): Promise<void> {
    for (let address = 0; address < 5; address++) {
      now += seconds(1);
      await many(20, () => guess("alice@example.com", `203.0.113.${address}`));
    }
  }

  it.each([
    ["signed up", () => signUp(home).expect(201)],
    ["signed in", async () => void (await registered(), await signIn({ password }, home).expect(200))],
  ])(
    "is not locked out of the network they %s from by a stranger who guesses elsewhere",
    async (_, enter) => {
      await enter();
      await lockOut();
      await signIn({ password }, "203.0.113.99").expect(429);
      for (let minute = 0; minute < 10; minute++) {
        now += seconds(60);
        await guess().expect((response) => expect([400, 429]).toContain(response.status));
        await signIn({ password }, home).expect(200);
      }
    },
  );

  it("has ten free attempts there, and then waits", async () => {
    await signUp(home).expect(201);
    await lockOut();
    const responses = await many(20, () => guess("alice@example.com", home));
    expect([statuses(responses, 400), statuses(responses, 429)]).toEqual([10, 10]);
    expect((await signIn({ password }, home).expect(429)).headers["retry-after"]).toBe("1");
    now += seconds(1);
    await signIn({ password }, home).expect(200);
  });

  it("gives strangers no further guesses by signing in there", async () => {
    await signUp(home).expect(201);
    await lockOut();
    await signIn({ password }, home).expect(200);
    await guess("alice@example.com", "203.0.113.99").expect(429);
  });

  it("has no such budget there for other accounts", async () => {
    await registered("bob@example.com");
    await signUp(home).expect(201);
    await many(10, (number) => guess("bob@example.com", `203.0.113.${number}`));
    await guess("bob@example.com", home).expect(429);
  });

  it("has its latest ten networks remembered for 90 days, even if many are added at once", async () => {
    await registered();
    for (const half of [0, 1])
      await many(8, (number) => signIn({ password }, `198.51.10${half}.${number}`).expect(200));
    now += hours(24);
    await signIn({ password }, home).expect(200);
    await signIn({ password }, home).expect(200);
    const { knownNetworks } = await User.findOne().orFail();
    expect(knownNetworks).toHaveLength(10);
    expect(new Set(knownNetworks.map(({ hash }) => hash)).size).toBe(10);
    expect(JSON.stringify(knownNetworks)).not.toMatch(/198\.51/);

    now += hours(90 * 24) - 1;
    await lockOut();
    await signIn({ password }, home).expect(429); // 90 days and 5 s after
  });

  it("is still known a moment before the 90 days are over", async () => {
    await signUp(home).expect(201);
    now += hours(90 * 24) - seconds(6);
    await lockOut();
    await signIn({ password }, home).expect(200);
  });
});

it("does not query an unresponsive store again: the attempt stays counted", async () => {
  const attempt = { email: "alice@example.com", network: "203.0.113.0", isKnownNetwork: false };
  const withoutStore = () =>
    throttled(attempt, () => Promise.reject(new StoreUnavailableError("no response")));
  for (let count = 0; count < 10; count++)
    await expect(withoutStore()).rejects.toThrow(StoreUnavailableError);
  await guess().expect(429);
});

it("treats the first 64 bits of an IPv6 address as the address", async () => {
  const signUp = (number: number, address: string) =>
    post("signup", { email: `user-${number}@example.com`, password }, address);
  const responses = await many(5, (number) => signUp(number, `2001:db8:1:2::${number}`));
  expect([statuses(responses, 201), statuses(responses, 429)]).toEqual([3, 2]);
  await signUp(6, "2001:db8:1:3::1").expect(201);
});

it("counts what it refuses, by the limit that was reached", async () => {
  await registered();
  refusedAttempts.reset();
  await many(12, () => guess());
  await many(4, (number) => post("signup", { email: `user-${number}@example.com`, password }));
  const { values } = await refusedAttempts.get();
  expect(values.map(({ labels, value }) => [labels.limit, value])).toEqual([
    ["sign_ins_of_account", 2],
    ["sign_ups_of_network", 1],
  ]);
});

it("limits sign-ups per hour of an IPv6 site, whatever the networks", async () => {
  const signUp = (number: number, address: string) =>
    post("signup", { email: `user-${number}@example.com`, password }, address);
  const responses = await many(7, (number) => signUp(number, `2001:db8:1:${number}::1`));
  expect([statuses(responses, 201), statuses(responses, 429)]).toEqual([5, 2]);
  await signUp(7, "2001:db8:2::1").expect(201);
});

it("limits sign-ups per hour of an address", async () => {
  const signUp = (email: string, address?: string) => post("signup", { email, password }, address);
  const responses = await many(6, (number) => signUp(`user-${number}@example.com`));
  expect([statuses(responses, 201), statuses(responses, 429)]).toEqual([3, 3]);

  now += seconds(3000);
  const { body, headers } = await signUp("dora@example.com").expect(429);
  expect(body.code).toBe("too-many-attempts");
  expect(headers["retry-after"]).toBe("600");
  await signUp("dora@example.com", "203.0.113.8").expect(201);

  now += seconds(600);
  await signUp("erik@example.com").expect(201);
});

it("counts sign-ups with an email in use, which reveal that it has an account", async () => {
  await registered("alice@example.com");
  const signUp = () => post("signup", { email: "alice@example.com", password });
  for (let time = 0; time < 3; time++) await signUp().expect(400);
  await signUp().expect(429);
});

it("keeps neither addresses nor the emails of strangers", async () => {
  await guess("stranger@example.com");
  const counts = await database.collection("attemptcounts").find().toArray();
  expect(counts).toHaveLength(2);
  expect(JSON.stringify(counts)).not.toMatch(/stranger|203\.0\.113/);
});

it("lets the database remove expired counts", async () => {
  expect(await database.collection("attemptcounts").indexes()).toContainEqual(
    expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
  );
});
