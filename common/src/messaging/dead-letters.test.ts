import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Redis } from "ioredis";
import { clock } from "../clock";
import { database, useToys } from "../database/toy.testing";
import { isStoreAway } from "../errors";
import { type DeadLetter, type DeadLetters, mongoDeadLetters, redisDeadLetters } from "./dead-letters";

useToys();

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

const letter = (difference: Partial<DeadLetter> = {}): DeadLetter => ({
  subject: "ticket:created",
  bytes: everyByte,
  reason: "Error: no such rule\n    at once",
  attempts: 3,
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
  ...difference,
});

const redis = new Redis(String(process.env.REDIS_URL));
const service = `test-${randomUUID()}`;

afterEach(async () => {
  clock.use();
  await database.collection("deadletters").deleteMany({});
  await redis.del(`${service}:dead-letters`);
});
afterAll(() => redis.disconnect());

describe.each<[string, () => DeadLetters]>([
  ["MongoDB", () => mongoDeadLetters(database)],
  ["Redis", () => redisDeadLetters(redis, service)],
])("dead letters in %s", (_name, open) => {
  const letters = open();

  it("keep the bytes as they came, the reason, the attempts and the trace", async () => {
    clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
    await letters.keep(letter());
    const [kept] = await letters.list();
    expect(kept).toEqual({
      ...letter(),
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      keptAt: new Date("2026-01-02T03:04:05.678Z"),
    });
    expect(kept?.bytes.equals(everyByte)).toBe(true);
  });

  it("keep the same bytes of a channel once, as they were kept first", async () => {
    await letters.keep(letter());
    await letters.keep(letter({ reason: "another", attempts: 1 }));
    expect(await letters.list()).toMatchObject([{ attempts: 3 }]);
    await letters.keep(letter({ subject: "ticket:updated" }));
    await letters.keep(letter({ bytes: Buffer.from("else") }));
    expect(await letters.list()).toHaveLength(3);
  });

  it("are listed oldest first, found, and discarded one by one", async () => {
    for (const [index, text] of ["one", "two", "three"].entries()) {
      clock.use(() => 1000 * (5 - index));
      await letters.keep(letter({ bytes: Buffer.from(text) }));
    }
    const listed = await letters.list();
    expect(listed.map(({ bytes }) => bytes.toString())).toEqual(["three", "two", "one"]);
    const [first] = listed;
    const id = String(first?.id);
    expect(await letters.find(id)).toEqual(first);
    await letters.discard(id);
    expect(await letters.find(id)).toBeUndefined();
    expect(await letters.list()).toHaveLength(2);
  });
});

it("is told that Redis is away, instead of waiting for it", async () => {
  const silent = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const waiting = new Redis((silent.address() as AddressInfo).port, "127.0.0.1", { enableReadyCheck: false });
  const refusal: unknown = await redisDeadLetters(waiting, service)
    .keep(letter())
    .catch((error: unknown) => error);
  expect(isStoreAway(refusal)).toBe(true);
  waiting.disconnect();
  silent.close();
  await once(silent, "close");
});
