import type { EventBus, LoggedMessage } from "../../messaging/event-bus";
import { readLog } from "../read-log";
import { type Buses, numbers } from "./buses";

/** Reading what the broker has stored. */
export function describeLogs(buses: Buses): void {
  const { connect, publish, publishOn } = buses;

  it("reads a log in order up to its end at the start, whatever is published in the meantime", async () => {
    await publish(...numbers(50)); // another channel's
    const texts = numbers(700);
    for (const text of texts) await publishOn("ticket:updated", text);
    const read: LoggedMessage[] = [];
    let batches = 0;
    for await (const batch of readLog(await connect("orders"), "ticket:updated")) {
      expect(batch.length).toBeLessThanOrEqual(256);
      batches += 1;
      read.push(...batch);
      for (const text of numbers(batch.length + 1)) await publishOn("ticket:updated", text);
    }
    expect(read.map(({ bytes }) => bytes.toString())).toEqual(texts);
    const positions = read.map(({ sequence }) => sequence);
    expect(positions).toEqual([...new Set(positions)].toSorted((one, other) => one - other));
    expect(positions[0]).toBeGreaterThan(0);
    expect(batches).toBeGreaterThan(2);
  });

  it("reads a log from after a position", async () => {
    await publishOn("ticket:updated", "a");
    await publishOn("ticket:updated", "b");
    await publishOn("ticket:updated", "c");
    const bus = await connect("orders");
    const [first, , last] = (await readAll(bus)).map(({ sequence }) => sequence);
    expect(await textsOfLog(bus, first)).toEqual(["b", "c"]);
    expect(await textsOfLog(bus, last)).toEqual([]);
    expect(await textsOfLog(bus, Number(last) + 1)).toEqual(["a", "b", "c"]); // a position in an older log that was lost
  });

  it("reads an empty log to its end", async () => {
    expect(await textsOfLog(await connect("orders"))).toEqual([]);
  });

  async function readAll(bus: EventBus, after?: number): Promise<LoggedMessage[]> {
    const all: LoggedMessage[] = [];
    for await (const batch of readLog(bus, "ticket:updated", { after })) all.push(...batch);
    return all;
  }

  const textsOfLog = async (bus: EventBus, after?: number): Promise<string[]> =>
    (await readAll(bus, after)).map(({ bytes }) => bytes.toString());
}
