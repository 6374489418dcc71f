import { once } from "node:events";
import { connect } from "node:net";
import { seconds } from "../base/clock";
import { NotFoundError } from "../contract/errors";
import { eventually } from "../testing/eventually";
import { newId } from "../testing";
import { type EventStream, withoutHeartbeats } from "../../test/event-stream";
import { publish, setUpStream, ticket } from "../../test/stream-server";

const stage = setUpStream();

const shown = ({ messages }: EventStream) => messages.map(({ data: { id, version } }) => [id, version]);

it("starts with the current state, and disables buffering in proxies", async () => {
  const stream = await stage.read();
  await eventually(() =>
    expect(stream.messages).toEqual(stage.tickets.map((data) => ({ event: "ticket", data }))),
  );
  expect(stream.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
  expect(stream.headers.get("Cache-Control")).toBe("no-store, no-transform");
  expect(stream.headers.get("X-Accel-Buffering")).toBe("no");
});

it("spreads reconnects of clients over several seconds", async () => {
  const random = jest.spyOn(Math, "random");
  const retryAt = async (value: number) => {
    random.mockReturnValue(value);
    const stream = await stage.read();
    await eventually(() => expect(stream.messages).toHaveLength(2));
    return stream.retryMs;
  };
  expect([await retryAt(0), await retryAt(0.5), await retryAt(1)]).toEqual([1000, 4500, 8000]);
});

it("sends newer versions of these aggregates, and nothing else", async () => {
  const stream = await stage.read();
  const [first, second] = stage.tickets.map(({ id }) => id);
  for (const version of [5, 4, 5, 2]) await publish(ticket(first, version));
  for (const state of [ticket(), ticket(second, 4)]) await publish(state);
  const versions = [
    [first, 3],
    [second, 3],
    [first, 5],
    [second, 4],
  ];
  await eventually(() => expect(shown(stream)).toEqual(versions));
});

it("misses nothing that happens during its first read", async () => {
  withoutHeartbeats(); // which would show it in the end
  const id = newId();
  const stale = [ticket(id)];
  stage.find = async () => {
    for (const version of [2, 4]) await publish(ticket(id, version));
    return stale;
  };
  const stream = await stage.read();
  await eventually(() => expect(shown(stream)).toEqual([[id, 4]]));
});

it("sends nothing older than its first read", async () => {
  const id = newId();
  stage.find = async () => {
    for (const version of [4, 5]) await publish(ticket(id, version));
    return [ticket(id, 5)];
  };
  const stream = await stage.read();
  await publish(ticket(id, 6));
  await eventually(() =>
    expect(shown(stream)).toEqual([
      [id, 5],
      [id, 6],
    ]),
  );
});

it("sends a heartbeat every 15 s, and states that the bus did not deliver", async () => {
  withoutHeartbeats();
  const stream = await stage.read();
  await eventually(() => expect(stream.messages).toHaveLength(2));
  jest.advanceTimersByTime(seconds(14.9));
  stage.tickets = stage.tickets.map((each) => ({ ...each, version: 4 }));
  jest.advanceTimersByTime(seconds(0.2));
  await eventually(() => expect(shown(stream).map(([, version]) => version)).toEqual([3, 3, 4, 4]));
  expect(stream.heartbeats).toBe(1);

  stage.find = async () => {
    throw new Error("the store is unavailable");
  };
  jest.advanceTimersByTime(seconds(15));
  await eventually(() => expect(stream.heartbeats).toBe(2));
});

it("does not read again while a read is pending", async () => {
  withoutHeartbeats();
  const stream = await stage.read();
  await eventually(() => expect(stream.messages).toHaveLength(2));
  let looks = 0;
  let respond = () => {};
  stage.find = async () => {
    looks += 1;
    await new Promise<void>((resolve) => (respond = resolve));
    return stage.tickets;
  };
  jest.advanceTimersByTime(seconds(45));
  await eventually(() => expect(stream.heartbeats).toBe(3));
  expect(looks).toBe(1);
  respond();
  await new Promise(setImmediate);
  jest.advanceTimersByTime(seconds(15));
  expect(looks).toBe(2);
  respond();
});

it("reads for at most twenty streams concurrently, and for the others at their next heartbeat", async () => {
  withoutHeartbeats();
  const streams = await Promise.all(Array.from({ length: 25 }, () => stage.read()));
  await eventually(() => streams.forEach(({ messages }) => expect(messages).toHaveLength(2)));
  const reads: (() => void)[] = [];
  stage.find = () => new Promise((resolve) => reads.push(() => resolve(stage.tickets)));
  jest.advanceTimersByTime(seconds(15));
  expect(reads).toHaveLength(20);
  for (const respond of reads) respond();
  await new Promise(setImmediate);
  jest.advanceTimersByTime(seconds(15));
  expect(reads).toHaveLength(40);
  for (const respond of reads) respond();
});

it("ends when its reader loses access", async () => {
  withoutHeartbeats();
  const stream = await stage.read();
  await eventually(() => expect(stream.messages).toHaveLength(2));
  stage.find = async () => {
    throw new NotFoundError("ticket");
  };
  jest.advanceTimersByTime(seconds(15));
  expect(await stream.ended).toBe("in order");
});

it("responds like other routes if the reader has no access, without counting the stream", async () => {
  stage.find = async () => {
    throw new NotFoundError("ticket");
  };
  for (let time = 0; time < 6; time++)
    expect(await stage.read()).toMatchObject({ status: 404, refusal: { code: "not-found" } });
});

describe("streams with the same key", () => {
  beforeEach(() => {
    withoutHeartbeats();
    stage.key = "the list";
  });
  afterEach(() => {
    stage.key = undefined;
  });

  it("read and receive once, and begin with the current states", async () => {
    let looks = 0;
    stage.find = async () => {
      looks += 1;
      return stage.tickets;
    };
    const first = await Promise.all([stage.read(), stage.read()]);
    const [id] = stage.tickets.map((each) => each.id);
    await publish(ticket(id, 5));
    const later = await stage.read();
    await publish(ticket(id, 6));
    for (const stream of first)
      await eventually(() =>
        expect(shown(stream).slice(2)).toEqual([
          [id, 5],
          [id, 6],
        ]),
      );
    await eventually(() =>
      expect(shown(later)).toEqual([
        [id, 5],
        [stage.tickets[1]?.id, 3],
        [id, 6],
      ]),
    );
    expect([looks, stage.watching]).toEqual([1, 1]);
    jest.advanceTimersByTime(seconds(15));
    expect(looks).toBe(2);
  });

  it("read again once all have closed", async () => {
    const stream = await stage.read();
    await eventually(() => expect(stream.messages).toHaveLength(2));
    stream.leave();
    await eventually(() => expect(stage.watching).toBe(0));
    stage.tickets = [ticket()];
    const next = await stage.read();
    await eventually(() => expect(shown(next)).toEqual([[stage.tickets[0]?.id, 3]]));
  });

  it("all fail when their first read fails", async () => {
    stage.find = async () => {
      throw new NotFoundError("ticket");
    };
    for (const { status } of await Promise.all([stage.read(), stage.read()])) expect(status).toBe(404);
    await eventually(() => expect(stage.watching).toBe(0));
  });

  it("read again after a failed first read, even if a stream of it is held", async () => {
    const first = jest.fn(async (): Promise<never> => {
      throw new NotFoundError("ticket");
    });
    const socket = connect(stage.port, "127.0.0.1").on("error", () => {});
    stage.key = "another list";
    socket.write("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => expect(stage.watching).toBe(1));
    // Its response waits behind that stream, and does not close before.
    [stage.key, stage.find] = ["the list", first];
    socket.write("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => expect(first).toHaveBeenCalledTimes(1));

    stage.find = async () => stage.tickets;
    const next = await stage.read();
    expect(next.status).toBe(200);
    socket.destroy();
    await once(socket, "close");
  });
});

it("shows what is added later, and newer versions of the last hundred of these", async () => {
  stage.isAdded = ({ version }) => version === 0;
  const stream = await stage.read();
  await eventually(() => expect(stream.messages).toHaveLength(2));
  await publish(ticket(newId(), 1));
  const added = Array.from({ length: 101 }, () => ticket(newId(), 0));
  for (const each of added) await publish(each);
  for (const { id } of added.slice(0, 2)) await publish(ticket(id, 1));
  const expected = [...added.map(({ id }) => [id, 0]), [added[1]?.id, 1]];
  await eventually(() => expect(shown(stream).slice(2)).toEqual(expected));
});
