import { randomUUID } from "node:crypto";
import type { Connection } from "mongoose";
import { clock } from "../base/clock";
import { connectDatabase } from "../database/database";
import { type LoggedModel, changeTo } from "../database/logged-model";
import { mongoStore } from "../service/store";
import { type EventData, type Subject, parseEvent } from "../contract/events";
import { createToken } from "../http/session";
import { MemoryBroker } from "../messaging/memory-bus";
import type { Listener } from "../messaging/listener";
import { Runtime } from "../service/runtime";
import { newId } from "./ids";

export { describeEventBus } from "./event-bus-contract";
export type { BrokerUnderTest } from "./event-bus-contract";
export { eventually } from "./eventually";
export { newId, newIds } from "./ids";
export { MemoryBroker } from "../messaging/memory-bus";

/**
 * The Cookie header of a signed-in user.
 * @param sessionEpoch in which the session began: 0 until the user's sessions are ended for the first time
 * @example
 * import request from "supertest";
 *
 * it("lists the tickets of the caller", async () => {
 *   await request(app).get("/api/tickets").set("Cookie", signedIn(ticket.userId)).expect(200);
 * });
 */
export function signedIn(id = newId(), email = "someone@example.com", sessionEpoch = 0): string {
  const jwt = createToken({ id, email }, sessionEpoch);
  return `session=${Buffer.from(JSON.stringify({ jwt })).toString("base64")}`;
}

/**
 * The bytes of an event published by another service.
 * @example
 * JSON.parse(eventBytes("ticket:created", ticket).toString()).subject; // => ticket.id
 */
export function eventBytes<S extends Subject>(subject: S, data: EventData<S>): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: "1.0",
      id: randomUUID(),
      source: "test",
      type: subject,
      subject: "id" in data ? data.id : data.orderId,
      time: clock.date().toISOString(),
      data,
    }),
  );
}

/**
 * Delivers an event twice, as any broker may: a listener whose test passes is idempotent.
 * @example
 * let deliveries = 0;
 * await deliver(
 *   listener("ticket:created", async () => void deliveries++),
 *   ticket,
 * );
 * deliveries; // => 2
 */
export async function deliver<S extends Subject>(listener: Listener<S>, data: EventData<S>): Promise<void> {
  const bytes = eventBytes(listener.subject, data);
  await listener.handle(bytes);
  await listener.handle(bytes);
}

/**
 * The aggregate that a rebuild from the broker's log creates from a published state; it is not saved.
 * @example
 * rebuilt(Ticket, ticket).publicState(); // => expect.objectContaining({ title: "Chamber music", price: 20 })
 */
export function rebuilt<S extends Subject, D extends { publicState(): object }>(
  model: { log: LoggedModel<S>; hydrate(fields: object): D },
  state: EventData<S>,
): D {
  return model.hydrate(changeTo(0, model.log.toStored(state), clock.date()).$set);
}

interface ServiceUnderTest {
  /** The data of the events that this test has published so far, oldest first; waits for the relay. */
  published: <S extends Subject>(subject: S) => Promise<EventData<S>[]>;
}

/**
 * Gives a test file a database of its own on the real server at `TEST_MONGO_URL`, empty before each test, and a bus in
 * memory that the relay publishes to.
 * @example
 * const { published } = setUpService(database);
 *
 * it("publishes a withdrawal", async () => {
 *   const onSale = new Ticket({ title: "Chamber music", price: 20, userId: newId() });
 *   onSale.withdraw();
 *   await onSale.save();
 *   expect(await published("ticket:updated")).toMatchObject([{ withdrawn: true }]);
 * });
 */
export function setUpService(database: Connection): ServiceUnderTest {
  const broker = new MemoryBroker();
  const store = mongoStore(database);
  const runtime = new Runtime({ name: "test", store: { database } }, store, broker.connect("test"));
  let seen = 0;

  beforeAll(async () => {
    await connectDatabase(database, `${process.env.TEST_MONGO_URL}/test-${randomUUID()}`);
    await store.open();
    runtime.start();
  });

  beforeEach(async () => {
    for (const model of Object.values(database.models)) await model.deleteMany({});
    seen = broker.published().length;
  });

  afterEach(async () => {
    clock.use();
    await runtime.settled();
  });

  afterAll(async () => {
    await database.dropDatabase();
    await runtime.stop();
  });

  return {
    published: async (subject) => {
      await runtime.settled();
      const messages = broker.published().slice(seen);
      return messages
        .filter((message) => message.subject === subject)
        .map((message) => parseEvent(subject, message.bytes).data);
    },
  };
}
