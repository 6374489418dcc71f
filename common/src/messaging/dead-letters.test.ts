import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Redis } from "ioredis";
import { clock } from "../base/clock";
import { database, useSamples } from "../../test/sample";
import { isTransient } from "../contract/errors";
import { logger } from "../base/logger";
import { type DeadLetter, type DeadLetters, mongoDeadLetters, redisDeadLetters } from "./dead-letters";

useSamples();

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

describe.each<[string, (options?: { maxLetters: number; pageSize: number }) => DeadLetters]>([
  ["MongoDB", (options) => mongoDeadLetters(database, options)],
  ["Redis", (options) => redisDeadLetters(redis, service, options)],
])("dead letters in %s", (_name, open) => {
  const letters = open();

  it("store the original bytes, the reason, the attempts and the trace", async () => {
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

  it("store equal bytes of a subject once, with the first reason", async () => {
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
    expect(await letters.count()).toBe(3);
    const [first] = listed;
    const id = String(first?.id);
    expect(await letters.find(id)).toEqual(first);
    await letters.discard(id);
    expect(await letters.find(id)).toBeUndefined();
    expect(await letters.list()).toHaveLength(2);
  });

  async function keepMany(few: DeadLetters, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      clock.use(() => 1000 * Math.floor(index / 2)); // two at a time are of the same age
      await few.keep(letter({ bytes: Buffer.from(String(index)) }));
    }
  }
  const textsIn = (page: DeadLetter[]) => page.map(({ bytes }) => Number(bytes.toString()));

  it("are listed in pages without gaps or repeats", async () => {
    const few = open({ maxLetters: 100, pageSize: 3 });
    await keepMany(few, 10);
    const pages: number[][] = [];
    for (let page = await few.list(); page.length > 0; page = await few.list(page.at(-1)))
      pages.push(textsIn(page));
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 1]);
    expect(pages.flat().toSorted((one, other) => one - other)).toEqual([
      ...Array.from({ length: 10 }).keys(),
    ]);
  });

  it("are limited: the oldest tenth is dropped and logged", async () => {
    const log = jest.spyOn(logger, "error").mockImplementation(() => {});
    const few = open({ maxLetters: 20, pageSize: 100 });
    await keepMany(few, 20);
    expect(log).not.toHaveBeenCalled();
    clock.use(() => 1000 * 20);
    await few.keep(letter({ bytes: Buffer.from("20") }));
    const left = textsIn(await few.list());
    expect(left).toHaveLength(18);
    expect(left).not.toContain(0);
    expect(left).not.toContain(1);
    expect(left).toContain(20);
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]?.[0]).toMatchObject({ dropped: [{ subject: "ticket:created" }, {}, {}] });
    jest.restoreAllMocks();
  });
});

it("rejects immediately while Redis is unavailable", async () => {
  const silent = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const waiting = new Redis((silent.address() as AddressInfo).port, "127.0.0.1", { enableReadyCheck: false });
  const refusal: unknown = await redisDeadLetters(waiting, service)
    .keep(letter())
    .catch((error: unknown) => error);
  expect(isTransient(refusal)).toBe(true);
  waiting.disconnect();
  silent.close();
  await once(silent, "close");
});
