import { MemoryBroker, eventBytes, newIds } from "../testing";
import { watcher } from "./watcher";

const id = "a".repeat(24);
const seller = "b".repeat(24);
const ticket = { id, title: "Chamber music", price: 20, userId: seller, withdrawn: false } as const;
const created = eventBytes("ticket:created", { ...ticket, version: 0, status: "available" });
const reserved = eventBytes("ticket:updated", { ...ticket, version: 1, status: "reserved" });

const broker = new MemoryBroker();
const bus = broker.connect("tickets");

/** The events received by the time that everything published before has been delivered. */
async function versionsIn(received: { version: number }[]): Promise<number[]> {
  await broker.idle();
  return received.map(({ version }) => version);
}

it("notifies every handler of each new event of its subjects, until it is removed", async () => {
  const tickets = watcher("ticket:created", "ticket:updated");
  tickets.connect(bus);
  const one: { version: number }[] = [];
  const other: { version: number }[] = [];
  const stop = tickets.watch((data) => one.push(data));
  tickets.watch((data) => other.push(data));

  await bus.publish("ticket:created", created, newIds());
  expect([await versionsIn(one), await versionsIn(other)]).toEqual([[0], [0]]);
  stop();
  await bus.publish("ticket:updated", reserved, newIds());
  expect([await versionsIn(one), await versionsIn(other)]).toEqual([[0], [0, 1]]);
});

it("continues after an invalid event", async () => {
  const tickets = watcher("ticket:updated");
  tickets.connect(bus);
  const received: { version: number }[] = [];
  tickets.watch((data) => received.push(data));
  for (const bytes of [Buffer.from("{"), created, reserved])
    await bus.publish("ticket:updated", bytes, newIds());
  expect(await versionsIn(received)).toEqual([1]);
});

it("names the missing declaration if it is not connected", () => {
  expect(() => watcher("ticket:created", "ticket:updated").watch(() => {})).toThrow(
    "The watcher of ticket:created and ticket:updated is not connected: name it in startService()",
  );
});
