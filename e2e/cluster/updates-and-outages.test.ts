import { bodyOf, person } from "../client";
import { eventually } from "../eventually";
import { orderOf, ticketOnSale } from "../market";
import { patiently } from "../sagas";
import { stackViolations } from "../stack-violations";
import { bringBack, isReady, kubectl, pods, restarts, rolledOut, services, takeAway } from "./cluster";
import { startLoad } from "./load";

beforeEach(() => rolledOut(), 120_000);
afterEach(async () => {
  for (const store of ["nats", "orders-mongo"]) await bringBack(store);
}, 120_000);

it.each(services)(
  "answers every request while a new version of %s is rolled out",
  async (service) => {
    const before = (await pods(service)).map(({ metadata }) => metadata.name);
    const stopLoad = await startLoad();
    await kubectl("rollout", "restart", `deployment/${service}`);
    await rolledOut(`deployment/${service}`);
    // The old pods are still asked by who has not heard yet: until they are gone, all counts.
    await eventually(
      async () => {
        const there = await kubectl("get", "pods", "--selector", `app=${service}`, "--output=name");
        expect(before.filter((name) => there.includes(name))).toEqual([]);
      },
      { withinSeconds: 90, intervalMs: 500 },
    );
    const { sent, failed } = await stopLoad();
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(100);
  },
  240_000,
);

it("stays ready, sells and reserves while the broker is away, and tells everybody afterwards", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const ticket = await ticketOnSale(seller);
  const before = restarts(await pods());
  await takeAway("nats");
  const order = await bodyOf(buyer.order(ticket));
  const silent = await bodyOf(seller.sell("Sold in silence", 20));
  expect((await pods()).filter((pod) => !isReady(pod))).toEqual([]);

  await bringBack("nats");
  await eventually(async () => {
    expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ version: expect.any(Number) });
    const { status } = await bodyOf(buyer.order(silent));
    expect(status).toBe("created");
  }, patiently);
  await eventually(
    async () => expect(await bodyOf(buyer.showOrder(order))).toMatchObject({ status: "cancelled" }),
    patiently,
  );
  expect(restarts(await pods())).toBe(before);
}, 240_000);

it("is not ready without its database, restarts nothing, and goes on by itself when it is back", async () => {
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const ticket = await ticketOnSale(seller);
  const before = restarts(await pods("orders"));
  await takeAway("orders-mongo");
  await eventually(async () => expect((await pods("orders")).filter(isReady)).toEqual([]), patiently);
  expect((await pods("tickets")).every(isReady)).toBe(true);
  await eventually(async () => expect(await buyer.order(ticket)).toMatchObject({ status: 503 }), patiently);

  // Longer than the liveness probe would need to give a pod up.
  const end = performance.now() + 35_000;
  await eventually(
    async () => {
      expect(restarts(await pods("orders"))).toBe(before);
      if (performance.now() < end) throw new Error("not away for long enough yet");
    },
    { withinSeconds: 60, intervalMs: 1000 },
  );

  await bringBack("orders-mongo");
  await rolledOut("deployment/orders");
  await eventually(() => orderOf(buyer, ticket), patiently); // the door hears of it a moment later
  expect(restarts(await pods("orders"))).toBe(before);
}, 240_000);

it("keeps every invariant", async () => {
  expect(await stackViolations({ withinSeconds: 90 })).toEqual([]);
}, 150_000);
