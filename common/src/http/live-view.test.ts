import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { newId } from "../testing";
import { type State, messagesMB, viewOf } from "./live-view";

const longTitle = "🎻".repeat(200);

let find: () => State[];
let deliver: (state: State) => void;
let closeAll: (() => void)[] = [];

const ticket = (id = newId(), version = 0) => ({ id, version, title: longTitle });

function open(key?: string) {
  const live = {
    name: "ticket",
    watcher: {
      watch: (handle: (state: State) => void) => {
        deliver = handle;
        return () => undefined;
      },
    },
    find: async () => find(),
  };
  const [view, close] = viewOf(live, key);
  closeAll.push(close);
  return view;
}

function closeViews(): void {
  for (const close of closeAll) close();
  closeAll = [];
}
afterEach(closeViews);

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
function heapKB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1000;
}

describe("the memory of views", () => {
  /** Each finds its own copies, as in a database. */
  const openMany = async (count: number) => {
    const ids = Array.from({ length: 100 }, () => newId());
    find = () => ids.map((id) => ticket(id));
    await Promise.all(Array.from({ length: count }, (_, index) => open(`view ${index}`).loaded));
  };

  it("hardly grows by a view of states that another shows", async () => {
    await openMany(1);
    closeViews();
    const before = heapKB();
    await openMany(200);
    expect((heapKB() - before) / 200).toBeLessThan(20); // a message has more than 1 kB
  });

  it("is estimated from their messages", async () => {
    find = () => Array.from({ length: 100 }, () => ticket());
    await open().loaded;
    closeViews();
    expect(messagesMB()).toBe(0);
    const before = heapKB();
    for (let count = 0; count < 50; count++) await open().loaded;
    expect(messagesMB()).toBeGreaterThan(4);
    expect(heapKB() - before).toBeLessThan(2 * 1000 * messagesMB()); // with what else a view takes
  });

  it("is freed when they close", async () => {
    await openMany(1);
    closeViews();
    const before = heapKB();
    for (let time = 0; time < 100; time++) {
      await openMany(2);
      closeViews();
    }
    expect(heapKB() - before).toBeLessThan(2_000);
  });

  it("is freed of previous versions", async () => {
    const { id } = ticket();
    find = () => [ticket(id)];
    await open().loaded;
    const before = heapKB();
    for (let version = 1; version < 5_000; version++) deliver(ticket(id, version));
    expect(heapKB() - before).toBeLessThan(2_000);
  });
});

describe("a new reader", () => {
  const reader = () => {
    const received: string[] = [];
    let readOn = () => {};
    return {
      received,
      read: () => readOn(),
      write: (text: string, sent?: () => void) => {
        received.push(text);
        if (sent) readOn = sent;
      },
      end: () => undefined,
    };
  };
  const versionsIn = (received: string[]) =>
    Array.from(received.join("").matchAll(/"id":"(\w+)","version":(\d+)/g), ([, id, version]) => [
      id,
      Number(version),
    ]);

  it("is sent the states no faster than it reads them", async () => {
    const tickets = Array.from({ length: 100 }, () => ticket());
    find = () => tickets;
    const view = open();
    await view.loaded;
    const slow = reader();
    view.open(slow);
    for (const pieces of [1, 2, 3]) {
      expect(slow.received).toHaveLength(pieces);
      slow.read();
    }
    slow.read();
    expect(Math.max(...slow.received.map(({ length }) => length))).toBeLessThan(17_000);
    expect(versionsIn(slow.received)).toEqual(tickets.map(({ id }) => [id, 0]));
  });

  it("is sent no older state after a newer one", async () => {
    const tickets = Array.from({ length: 100 }, () => ticket());
    find = () => tickets;
    const view = open();
    await view.loaded;
    const slow = reader();
    view.open(slow);
    const [first, last] = [tickets[0]?.id, tickets.at(-1)?.id];
    for (const id of [first, last]) deliver(ticket(id, 1));
    for (let pieces = 0; pieces < 4; pieces++) slow.read();
    const sent = versionsIn(slow.received);
    expect(sent.filter(([id]) => id === first)).toEqual([
      [first, 0],
      [first, 1],
    ]);
    expect(new Set(sent.filter(([id]) => id === last).map(([, version]) => version))).toEqual(new Set([1]));
  });
});
