import { bodyOf, newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "../setup";
import { slowly } from "../sagas";
import { stackViolations } from "../stack-violations";
import { startStore, isReady, kubectl, pods, restarts, rolledOut, apps, stopStore } from "./cluster";
import { startLoad } from "./load";

beforeEach(() => rolledOut(), 120_000);
afterEach(async () => {
  for (const store of ["nats", "orders-mongo"]) await startStore(store);
}, 120_000);

it.each(apps)(
  "serves every request during a rollout of %s",
  async (service) => {
    const before = (await pods(service)).map(({ metadata }) => metadata.name);
    const stopLoad = await startLoad();
    await kubectl("rollout", "restart", `deployment/${service}`);
    await rolledOut(`deployment/${service}`);
    // Terminating pods still receive requests, so the load continues until they have ended.
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

it("stays ready, sells and reserves while the broker is down, and publishes the events afterwards", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const ticket = await ticketOnSale(seller);
  const before = restarts(await pods());
  await stopStore("nats");
  const order = await bodyOf(buyer.order(ticket));
  const listed = await bodyOf(seller.sell("Listed during an outage", 20));
  expect((await pods()).filter((pod) => !isReady(pod))).toEqual([]);

  await startStore("nats");
  await eventually(async () => {
    expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ version: expect.any(Number) });
    const { status } = await bodyOf(buyer.order(listed));
    expect(status).toBe("created");
  }, slowly);
  await eventually(
    async () => expect(await bodyOf(buyer.showOrder(order))).toMatchObject({ status: "cancelled" }),
    slowly,
  );
  expect(restarts(await pods())).toBe(before);
}, 240_000);

it("is not ready without its database, does not restart, and recovers by itself", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const ticket = await ticketOnSale(seller);
  const before = restarts(await pods("orders"));
  await stopStore("orders-mongo");
  await eventually(async () => expect((await pods("orders")).filter(isReady)).toEqual([]), slowly);
  expect((await pods("tickets")).every(isReady)).toBe(true);
  await eventually(async () => expect(await buyer.order(ticket)).toMatchObject({ status: 503 }), slowly);

  // Longer than the liveness probe would need to restart a pod.
  const end = performance.now() + 35_000;
  await eventually(
    async () => {
      expect(restarts(await pods("orders"))).toBe(before);
      if (performance.now() < end) throw new Error("not down for long enough yet");
    },
    { withinSeconds: 60, intervalMs: 1000 },
  );

  await startStore("orders-mongo");
  await rolledOut("deployment/orders");
  await eventually(() => orderOf(buyer, ticket), slowly); // the ingress learns of it with a delay
  expect(restarts(await pods("orders"))).toBe(before);
}, 240_000);

it("keeps every invariant", async () => {
  expect(await stackViolations({ withinSeconds: 90 })).toEqual([]);
}, 150_000);
