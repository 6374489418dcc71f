import { Redis } from "ioredis";
import { clock } from "../base/clock";
import { runCommand } from "./commands";
import { currentContext } from "../base/context";
import { Sample, database, saveSample, useSamples } from "../../test/sample";
import { parseEvent } from "../contract/events";
import { mongoDeadLetters } from "../messaging/dead-letters";
import { listener } from "../messaging/listener";
import type { ServiceDefinition } from "./service-definition";
import { MemoryBroker, eventBytes, newId } from "../testing";

useSamples();

let broker: MemoryBroker;
let handle: () => Promise<void>;
let printed: string[];

const samples: ServiceDefinition = {
  name: "samples",
  store: { database },
  listeners: [listener("expiration:complete", () => handle())],
  commands: {
    greet: async ([whom]) => {
      printed.push(`good day, ${whom}`);
    },
  },
};

beforeEach(async () => {
  broker = new MemoryBroker();
  handle = async () => {};
  printed = [];
  await database.collection("deadletters").deleteMany({});
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text).trimEnd());
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  clock.use();
});

const run = (command: string, ...args: string[]) =>
  runCommand(samples, command, args, () => broker.connect("samples"));

const published = () => broker.published().map(({ subject, bytes }) => parseEvent(subject, bytes));

describe("republish", () => {
  it("publishes the present state of every aggregate on the matching subject, without changing documents", async () => {
    const fresh = await saveSample();
    const changed = await saveSample();
    changed.reprice(20);
    await changed.save();
    const before = await Sample.find().lean();
    await run("republish");
    expect(published()).toMatchObject([
      { type: "ticket:created", source: "samples", data: { id: fresh.id, version: 0, price: 10 } },
      { type: "ticket:updated", source: "samples", data: { id: changed.id, version: 1, price: 20 } },
    ]);
    expect(await Sample.find().lean()).toEqual(before);
    expect(printed).toEqual(["republished 2"]);
  });

  it("publishes only aggregates saved since a date, and those without a date", async () => {
    clock.use(() => Date.parse("2026-10-01T00:00:00Z"));
    await saveSample("Old");
    const [changed, undated] = [await saveSample("Changed"), await saveSample("From before dates were kept")];
    clock.use(() => Date.parse("2026-11-02T00:00:00Z"));
    changed.reprice(20);
    await changed.save();
    const fresh = await saveSample("Fresh");
    await Sample.collection.updateOne({ _id: undated._id }, { $unset: { changedAt: 1 } });
    await run("republish", "--since", "2026-11-01");
    expect(published().map(({ subject }) => subject)).toEqual([changed.id, undated.id, fresh.id]);
  });

  it("publishes only the given subjects or ids", async () => {
    const [one, other] = [await saveSample(), await saveSample()];
    one.reprice(20);
    await one.save();
    await run("republish", "--subject", "ticket:updated");
    expect(published().map(({ subject }) => subject)).toEqual([one.id]);
    await run("republish", other.id);
    expect(published().map(({ subject }) => subject)).toEqual([one.id, other.id]);
    expect(printed).toEqual(["republished 1", "republished 1"]);
  });

  it.each([
    [["--since", "yesterday"], "--since takes a date"],
    [["--subject", "ticket:lost"], "--subject takes one of ticket:created"],
    [["everything"], "IDs of aggregates"],
    [["--until", "2026-11-01"], "Unknown option"],
  ])("refuses %j, and publishes nothing", async (words, problem) => {
    await saveSample();
    await expect(run("republish", ...words)).rejects.toThrow(problem);
    expect(published()).toEqual([]);
  });

  it("skips states that are not published", async () => {
    await saveSample("Secret", 0);
    await run("republish");
    expect(published()).toEqual([]);
  });

  it("waits for the broker", async () => {
    await saveSample();
    broker.stop();
    let attempts = 0;
    await runCommand(samples, "republish", [], () => {
      const bus = broker.connect("samples");
      return {
        ...bus,
        get isConnected() {
          attempts += 1;
          if (attempts === 3) broker.start();
          return bus.isConnected;
        },
      };
    });
    expect(published()).toHaveLength(1);
  });

  it("fails if the service has no aggregates", async () => {
    const redis = new Redis(String(process.env.REDIS_URL));
    const timers: ServiceDefinition = { name: "timers", store: { redis: () => redis } };
    await expect(runCommand(timers, "republish", [])).rejects.toThrow("timers has no aggregates");
    redis.disconnect();
  });
});

describe("dead-letters", () => {
  const bytes = eventBytes("expiration:complete", { orderId: newId() });
  const deadLetters = mongoDeadLetters(database);

  async function keepLetter(difference = {}): Promise<string> {
    const reason = "Error: no such order\n    at once";
    await deadLetters.keep({ subject: "expiration:complete", bytes, reason, attempts: 3, ...difference });
    const kept = await deadLetters.list();
    return String(kept.at(-1)?.id);
  }

  it("lists one per line", async () => {
    clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
    const id = await keepLetter();
    await run("dead-letters");
    expect(printed).toEqual([`${id}  2026-01-02T03:04:05.678Z  expiration:complete  Error: no such order`]);
  });

  it("shows the message, and the complete reason", async () => {
    await run("dead-letters", "show", await keepLetter());
    expect(printed).toEqual([`${bytes.toString()}\n\nError: no such order\n    at once`]);
  });

  it("discards one", async () => {
    const id = await keepLetter();
    await run("dead-letters", "discard", id);
    expect([await deadLetters.list(), printed]).toEqual([[], [`discarded ${id}`]]);
  });

  it("replays one after a fix, and discards it", async () => {
    const id = await keepLetter({ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` });
    const traces: unknown[] = [];
    handle = async () => {
      traces.push(currentContext()?.traceparent);
    };
    await run("dead-letters", "replay", id);
    expect([traces, await deadLetters.list()]).toEqual([[expect.stringContaining("a".repeat(32))], []]);
  });

  it("keeps one whose replay fails", async () => {
    const id = await keepLetter();
    handle = async () => {
      throw new Error("still broken");
    };
    await expect(run("dead-letters", "replay", id)).rejects.toThrow("still broken");
    expect(await deadLetters.list()).toHaveLength(1);
  });

  it("reports invalid arguments", async () => {
    await expect(run("dead-letters", "show", "nothing")).rejects.toThrow("There is no dead letter nothing");
    const forgotten = await keepLetter({ subject: "ticket:created" });
    await expect(run("dead-letters", "replay", forgotten)).rejects.toThrow(
      "no longer listens to ticket:created",
    );
    await expect(run("dead-letters", "burn", forgotten)).rejects.toThrow("not burn");
  });
});

it("runs a command of the service with its arguments", async () => {
  await run("greet", "Ann");
  expect(printed).toEqual(["good day, Ann"]);
});

it("lists the available commands", async () => {
  await expect(run("dance")).rejects.toThrow("dance is not one of republish, rebuild, dead-letters, greet");
});
