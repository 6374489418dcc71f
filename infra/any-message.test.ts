import { clock } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import fc from "fast-check";
import type { Connection } from "mongoose";
import type { EventData, Subject } from "../common/src/contract/events";
import { aggregatesOf } from "../common/src/database/aggregate";
import { changeTo } from "../common/src/database/logged-model";
import { anyMessage, examples, handleOrKeep } from "./any-message";
import { definitions } from "./every-service";
import { expectValid } from "./expect-valid";
import { serviceNames } from "./services";

// Sends arbitrary bytes and almost valid messages to each listener of each service. Each message is handled, or kept byte
// for byte as a dead letter, and everything stored matches the schemas.

beforeEach(() => clock.use(undefined, async () => {})); // no pauses between attempts
afterEach(() => clock.use());

it("covers every service", () => {
  expect(definitions.map(({ name }) => name).toSorted()).toEqual(serviceNames.toSorted());
});

describe.each(definitions)("$name", ({ store, listeners = [], workers = [] }) => {
  const database = "database" in store ? store.database : undefined;
  if (database) setUpService(database);
  afterAll(() => Promise.all(workers.map((worker) => worker.stop())));

  it.each(listeners)("handles or keeps any message on $subject", async (listener) => {
    if (database) await storeExamples(database);
    let stored = database && (await contentOf(database));
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyMessage(listener.subject), async (bytes) => {
        const isEvent = await handleOrKeep(listener, bytes);
        if (isEvent) accepted++;
        const before = stored;
        stored = database && (await contentOf(database));
        expect(stored).toEqual(isEvent ? stored : before);
      }),
      { numRuns: 100 },
    );
    expect(accepted).toBeGreaterThan(0);
    if (database) await expectValid(database);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

/** Stores the first state of each aggregate of the examples, so that listeners have something to change. */
async function storeExamples(database: Connection): Promise<void> {
  for (const model of aggregatesOf(database)) {
    const { log } = model;
    const example = examples.find(({ type }) => type === log.subjects[0]);
    if (!example || log.isUpdatedOnly) continue;
    const state = example.data as Extract<EventData<Subject>, { version: number }>;
    const update = changeTo(state.version, log.toStored(state), clock.date());
    await model.updateOne({ _id: state.id }, update, { upsert: true });
  }
}

/** All that is stored, except events, which are removed once they are published. */
const contentOf = (database: Connection) =>
  Promise.all(
    Object.values(database.models).map(async ({ collection }) => ({
      name: collection.name,
      documents: await collection
        .find({}, { projection: { outbox: 0 } })
        .sort({ _id: 1 })
        .toArray(),
    })),
  );
