import { type EventData, onFailpoint } from "@eventhive/common";
import { eventBytes, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderCancelled, orderCompleted, orderCreated } from "./listeners/orders";
import { Ticket } from "./models/ticket";
import { orderEvent, ticketOnSale } from "../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

type OrderData = EventData<"order:created">;
const listeners = { created: orderCreated, cancelled: orderCancelled, complete: orderCompleted };

/** Delivers once, unlike deliver(): a second delivery would repair errors of the first one. */
async function deliverOnce(order: OrderData, status: keyof typeof listeners): Promise<void> {
  const listener = listeners[status];
  const version = status === "created" ? 0 : 1;
  await listener.handle(eventBytes(listener.subject, { ...order, status, version }));
}

/** Does `work` when the failpoint is first reached. */
function meanwhile(failpoint: string, work: () => Promise<void>): void {
  onFailpoint(async (name) => {
    if (name !== failpoint) return;
    onFailpoint(undefined);
    await work();
  });
}

/** A ticket and two orders of it, the second made after the first was cancelled. */
async function twoOrders() {
  const ticket = await ticketOnSale();
  const second = orderEvent(ticket, { expiresAt: "2030-01-01T12:05:00.000Z" });
  return { ticket, first: orderEvent(ticket), second };
}

function permutations<T>(items: T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((others) => [item, ...others]),
  );
}

describe.each(["complete", "cancelled"] as const)("two orders, the second finally %s", (end) => {
  const events = [
    ["first", "created"],
    ["first", "cancelled"],
    ["second", "created"],
    ["second", end],
  ] as const;

  async function expectTheEnd(runs: Awaited<ReturnType<typeof twoOrders>>[]): Promise<void> {
    const announced = [...(await published("ticket:created")), ...(await published("ticket:updated"))];
    for (const { ticket, second } of runs) {
      const stored = await Ticket.findById(ticket.id).orFail();
      expect(stored.publicState()).toMatchObject(
        end === "complete"
          ? { status: "sold", orderId: second.id }
          : { status: "available", orderId: undefined },
      );
      const own = announced.filter(({ id }) => id === ticket.id);
      expect(own.at(-1)).toEqual({ id: ticket.id, version: stored.version, ...stored.publicState() });
      // No version is missing; a broker may have some of them twice.
      expect(new Set(own.map(({ version }) => version)).size).toBe(stored.version + 1);
    }
  }

  it("lead to the same state in every order of their events, and after redelivery of all of them", async () => {
    const orders = permutations([...events]);
    expect(orders).toHaveLength(24);
    const runs = await Promise.all(orders.map(twoOrders));
    const deliverAll = () =>
      Promise.all(
        runs.map(async (run, index) => {
          for (const [which, status] of orders[index] ?? []) await deliverOnce(run[which], status);
        }),
      );
    await deliverAll();
    await expectTheEnd(runs);
    await deliverAll();
    await expectTheEnd(runs);
  });

  it("lead to the same state when all their events are handled concurrently", async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, twoOrders));
    const deliveries = runs.flatMap((run) =>
      events.map(([which, status]) => deliverOnce(run[which], status)),
    );
    await Promise.all(deliveries);
    await expectTheEnd(runs);
  });
});

it("derives the reservation on redelivery after a crash", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  meanwhile("tickets.apply.after", () => Promise.reject(new Error("a crash")));
  await expect(deliverOnce(order, "created")).rejects.toThrow("a crash");
  await deliverOnce(order, "created");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "reserved", orderId: order.id });
});

it("releases the ticket when its order is cancelled between read and save", async () => {
  const ticket = await ticketOnSale();
  const order = orderEvent(ticket);
  meanwhile("tickets.derive.read", () => deliverOnce(order, "cancelled"));
  await deliverOnce(order, "created");
  expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "available", version: 2 });
});

it.each(["tickets.derive.loaded", "tickets.derive.read"])(
  "never releases a ticket that another order reserves at %s",
  async (failpoint) => {
    const { ticket, first, second } = await twoOrders();
    await deliverOnce(first, "created");
    meanwhile(failpoint, () => deliverOnce(second, "created"));
    await deliverOnce(first, "cancelled");

    expect(await Ticket.findById(ticket.id)).toMatchObject({ status: "reserved", orderId: second.id });
    const events = await published("ticket:updated");
    expect(events.map(({ status, orderId }) => [status, orderId])).toEqual([
      ["reserved", first.id],
      ["reserved", second.id],
    ]);
  },
);

it("keeps changes of the seller between read and save", async () => {
  const ticket = await ticketOnSale();
  meanwhile("tickets.derive.read", async () => {
    ticket.edit({ title: "Early music", price: 25 });
    await ticket.save();
  });
  await deliverOnce(orderEvent(ticket), "created");
  expect(await Ticket.findById(ticket.id)).toMatchObject({
    title: "Early music",
    status: "reserved",
    version: 2,
  });
});
