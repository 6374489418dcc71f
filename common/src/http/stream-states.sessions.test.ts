import { clock, hours, seconds } from "../base/clock";
import { eventually } from "../testing/eventually";
import { newId, signedIn } from "../testing";
import { withoutHeartbeats } from "../../test/event-stream";
import { publish, setUpStream, ticket } from "../../test/stream-server";

const stage = setUpStream();
afterEach(() => clock.use());

/** Of a session that began then; sessions last 24 hours. */
const openedAt = Date.UTC(2026, 0, 1);
const sessionOf = (id = newId()) => {
  clock.use(() => openedAt);
  return signedIn(id);
};
const passTo = (time: number) => {
  const passed = time - clock.now();
  clock.use(() => time);
  jest.advanceTimersByTime(passed);
};

it("ends with its session, and sends nothing afterwards", async () => {
  withoutHeartbeats();
  const cookie = sessionOf();
  clock.use(() => openedAt + hours(24) - seconds(20));
  const stream = await stage.read(cookie);
  await eventually(() => expect(stream.messages).toHaveLength(2));

  passTo(openedAt + hours(24) - seconds(5));
  await eventually(() => expect(stream.heartbeats).toBe(1));
  passTo(openedAt + hours(24));
  await publish(ticket(stage.tickets[0]?.id, 9));
  expect(await stream.ended).toBe("in order");
  expect(stream.messages).toHaveLength(2);
});

it("lasts until the end of the session, or without one until its reader disconnects", async () => {
  withoutHeartbeats();
  const [ofUser, ofNobody] = [await stage.read(sessionOf()), await stage.read()];
  for (const hour of [1, 23]) passTo(openedAt + hours(hour));
  await publish(ticket(stage.tickets[0]?.id, 9));
  await eventually(() => expect(ofUser.messages).toHaveLength(3));
  passTo(openedAt + hours(25));
  expect(await ofUser.ended).toBe("in order");
  await publish(ticket(stage.tickets[0]?.id, 10));
  await eventually(() => expect(ofNobody.messages.at(-1)?.data.version).toBe(10));
});

it("is rejected after the end of the session", async () => {
  const cookie = sessionOf();
  clock.use(() => openedAt + hours(24));
  expect(await stage.read(cookie)).toMatchObject({ status: 401, refusal: { code: "not-signed-in" } });
});
