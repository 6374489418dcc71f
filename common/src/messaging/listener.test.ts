import { randomUUID } from "node:crypto";
import { type Context, currentContext } from "../base/context";
import { database, useSamples } from "../../test/sample";
import { StoreUnavailableError } from "../base/with-timeout";
import type { Event } from "../contract/events";
import { eventBytes, newId } from "../testing";
import { type DeadLetters, mongoDeadLetters } from "./dead-letters";
import type { Message } from "./event-bus";
import { consume, listener } from "./listener";

useSamples();

const deadLetters = mongoDeadLetters(database);
beforeEach(() => database.collection("deadletters").deleteMany({}));

const message = (bytes = eventBytes("expiration:complete", { orderId: newId() })): Message => ({
  subject: "expiration:complete",
  bytes,
  redeliveries: 0,
});

type Handle = (attempt: number, event: Event) => void;

/**
 * Delivers one message to a listener that does `handle`; resolves with how often it was tried if it was acknowledged.
 */
async function deliver(
  handle: Handle,
  { bytes = message().bytes, letters = deadLetters, limit = 7000 } = {},
) {
  let attempts = 0;
  const wrapped = listener("expiration:complete", async (_data, event) => handle(++attempts, event));
  await consume(wrapped, letters, { giveUpAfterMs: limit })(message(bytes));
  return attempts;
}

const named = (name: string) => Object.assign(new Error("not now"), { name });

it("acknowledges a handled message", async () => {
  const seen: Event[] = [];
  const bytes = eventBytes("expiration:complete", { orderId: "a".repeat(24) });
  expect(await deliver((_, event) => seen.push(event), { bytes })).toBe(1);
  expect(seen).toEqual([JSON.parse(bytes.toString())]);
  expect(await deadLetters.list()).toEqual([]);
});

it.each([
  ["that is not JSON", Buffer.from([0x7b, 0xff, 0x00])],
  ["that is not an event", Buffer.from("[]")],
  ["of another channel", eventBytes("payment:created", payment())],
  ["whose data breaks the contract", Buffer.from(eventBytes("expiration:complete", { orderId: "1" }))],
])("keeps a message %s as a dead letter at once, byte for byte", async (_name, bytes) => {
  expect(await deliver(() => {}, { bytes })).toBe(0);
  const letters = await deadLetters.list();
  expect(letters).toMatchObject([{ subject: "expiration:complete", attempts: 1 }]);
  expect(letters[0]?.bytes).toEqual(bytes);
});

it("stores a message that fails three times as a dead letter, with reason and trace", async () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const event = { ...JSON.parse(message().bytes.toString()), traceparent };
  const bytes = Buffer.from(JSON.stringify(event, null, 3));
  const attempts = await deliver(
    () => {
      throw new TypeError("a bug of ours");
    },
    { bytes },
  );
  expect(attempts).toBe(3);
  const letters = await deadLetters.list();
  expect(letters).toMatchObject([
    { attempts: 3, traceparent, reason: expect.stringContaining("TypeError: a bug of ours") },
  ]);
  expect(letters[0]?.bytes).toEqual(bytes);
});

it("retries a failed message", async () => {
  const attempts = await deliver((attempt) => {
    if (attempt === 1) throw new Error("just once");
  });
  expect([attempts, await deadLetters.list()]).toEqual([2, []]);
});

it("retries while a store is unavailable or a save loses its race", async () => {
  const reasons = [
    named("MongoNetworkError"),
    named("MongooseServerSelectionError"),
    new StoreUnavailableError("no response"),
    named("VersionError"),
  ];
  const deliveries = reasons.map((reason) =>
    deliver((attempt) => {
      if (attempt <= 3) throw reason;
    }),
  );
  expect(await Promise.all(deliveries)).toEqual([4, 4, 4, 4]);
  expect(await deadLetters.list()).toEqual([]);
});

it("does not count an unavailable store as a failure", async () => {
  const attempts = await deliver((attempt) => {
    throw attempt === 1 ? named("MongoNetworkError") : new Error("a rule");
  });
  expect(attempts).toBe(4);
  expect(await deadLetters.list()).toHaveLength(1);
});

it("leaves a message to be redelivered while the store stays unavailable", async () => {
  const away = named("MongoNetworkError");
  let attempts = 0;
  const delivered = deliver(
    (attempt) => {
      attempts = attempt;
      throw away;
    },
    { limit: 300 },
  );
  await expect(delivered).rejects.toBe(away);
  expect(attempts).toBeGreaterThan(1);
  expect(await deadLetters.list()).toEqual([]);
});

it("does not acknowledge a message that it can neither handle nor store", async () => {
  const letters: DeadLetters = {
    ...deadLetters,
    keep: async () => {
      throw new Error("the store is full");
    },
  };
  await expect(deliver(() => {}, { bytes: Buffer.from("poison"), letters })).rejects.toThrow("is full");
  const refused = deliver(
    () => {
      throw new Error("a rule");
    },
    { letters },
  );
  await expect(refused).rejects.toThrow("is full");
});

it("continues the trace of the request that caused the event", async () => {
  const id = randomUUID();
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const event = { ...JSON.parse(message().bytes.toString()), id, traceparent };
  const contexts: (Context | undefined)[] = [];
  await deliver(() => contexts.push(currentContext()), { bytes: Buffer.from(JSON.stringify(event)) });
  expect(contexts).toEqual([
    { eventId: id, traceparent: expect.stringMatching(`^00-${"a".repeat(32)}-(?!b{16})[0-9a-f]{16}-01$`) },
  ]);
});

function payment() {
  return {
    id: newId(),
    version: 1,
    orderId: newId(),
    userId: newId(),
    stripeId: "ch_1",
    amount: 2000,
    currency: "usd",
    state: "charged" as const,
  };
}
