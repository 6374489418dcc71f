import { clock, hours, rateLimitKey, pseudonymOf, seconds } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { forgetNetworks } from "../forget-networks";
import { refusedReservations } from "../metrics";
import { Order } from "../models/order";
import { orderOf, ticketOnSale } from "../../test/fixtures";

setUpService(database);

const address = "203.0.113.7";
const network = pseudonymOf(rateLimitKey(address));
const elsewhere = "198.51.100.1";
const addressInSite = (index: number) => `2001:db8:1:${index}::1`;
const site = pseudonymOf(rateLimitKey(addressInSite(0), 48));

// Read when first asked for.
Object.assign(process.env, {
  MAX_RESERVATIONS_PER_NETWORK: "10",
  MAX_RESERVATIONS_PER_SITE: "15",
  MAX_UNPAID_PER_HOUR: "3",
  MAX_UNPAID_PER_NETWORK_PER_HOUR: "5",
  MAX_UNPAID_PER_SITE_PER_HOUR: "8",
  MAX_UNPAID_PAUSE_SECONDS: "200",
});

beforeEach(() => refusedReservations.reset());

async function reserve({ from = address, userId = newId() } = {}) {
  const { id: ticketId } = await ticketOnSale();
  return request(app)
    .post("/api/orders")
    .set("Cookie", signedIn(userId))
    .set("X-Forwarded-For", from)
    .send({ ticketId });
}

async function endUnpaid(count: number, userId = newId(), from = network, fromSite?: string): Promise<void> {
  for (let n = 0; n < count; n++) {
    const order = await orderOf(userId, undefined, from, fromSite);
    order.cancel(n % 2 ? "expired" : "buyer");
    await order.save();
  }
}

describe("a network", () => {
  it("holds no more than its places, however many of its users order at once", async () => {
    const responses = await Promise.all(Array.from({ length: 40 }, () => reserve()));
    const refused = responses.filter(({ status }) => status !== 201);
    expect(await Order.countDocuments()).toBe(10);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(["too-many-from-network"]));
    expect(refused[0]?.headers["retry-after"]).toBe("60");
    const { values } = await refusedReservations.get();
    expect(values).toMatchObject([{ labels: { limit: "network" }, value: 30 }]);
  });

  it("does not count for another one", async () => {
    await Promise.all(Array.from({ length: 10 }, () => reserve()));
    expect(await reserve()).toMatchObject({ status: 429 });
    expect(await reserve({ from: elsewhere })).toMatchObject({ status: 201 });
  });

  it("is the first 64 bits of an IPv6 address", async () => {
    for (let n = 0; n < 10; n++)
      expect(await reserve({ from: `2001:db8:1:2::${n}` })).toMatchObject({ status: 201 });
    expect(await reserve({ from: "2001:db8:1:2:ffff::1" })).toMatchObject({ status: 429 });
    expect(await reserve({ from: "2001:db8:1:3::1" })).toMatchObject({ status: 201 });
  });

  it.each(["cancelled", "complete"])("regains a place when an order is %s", async (end) => {
    await Promise.all(Array.from({ length: 10 }, () => reserve()));
    const order = await Order.findOne().orFail();
    if (end === "complete") order.complete();
    else order.cancel("buyer");
    await order.save();
    expect(await reserve()).toMatchObject({ status: 201 });
    expect(await reserve()).toMatchObject({ status: 429 });
  });

  it("is stored as a pseudonym, not published, and removed an hour later", async () => {
    const { body } = await reserve();
    const [stored] = await Order.find();
    expect(stored).toMatchObject({ network });
    expect(JSON.stringify([body, stored?.outbox])).not.toMatch(new RegExp(`${network}|${address}`));
    await forgetNetworks();
    expect(await Order.find()).toMatchObject([{ network }]);
    clock.use(() => Date.now() + hours(1) + seconds(61));
    await forgetNetworks();
    const [forgotten] = await Order.find().lean();
    expect([forgotten?.network, forgotten?.place]).toEqual([undefined, undefined]);
  });

  it("is not removed by a process that stops", async () => {
    await reserve();
    clock.use(() => Date.now() + hours(1) + seconds(61));
    const stopped = AbortSignal.abort();
    await expect(forgetNetworks(stopped)).rejects.toBe(stopped.reason);
    expect(await Order.find()).toMatchObject([{ network }]);
  });
});

describe("a site", () => {
  it("is an IPv6 /48, and holds no more than its places, however many of its networks order at once", async () => {
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => reserve({ from: addressInSite(index) })),
    );
    const refused = responses.filter(({ status }) => status !== 201);
    expect(await Order.countDocuments()).toBe(15);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(["too-many-from-network"]));
    expect(refused[0]?.headers["retry-after"]).toBe("60");
    const { values } = await refusedReservations.get();
    expect(values).toMatchObject([{ labels: { limit: "site" }, value: 25 }]);
    expect(await reserve({ from: "2001:db8:2:1::1" })).toMatchObject({ status: 201 });
  });

  it.each(["cancelled", "complete"])("regains a place when an order is %s", async (end) => {
    for (let n = 0; n < 15; n++) await reserve({ from: addressInSite(n) });
    const order = await Order.findOne().orFail();
    if (end === "complete") order.complete();
    else order.cancel("buyer");
    await order.save();
    expect(await reserve({ from: addressInSite(16) })).toMatchObject({ status: 201 });
    expect(await reserve({ from: addressInSite(17) })).toMatchObject({ status: 429 });
  });

  it("is stored as a pseudonym, not published, and removed an hour later", async () => {
    const { body } = await reserve({ from: addressInSite(0) });
    const [stored] = await Order.find();
    expect(stored).toMatchObject({ site });
    expect(JSON.stringify([body, stored?.outbox])).not.toMatch(new RegExp(`${site}|2001:db8`));
    await forgetNetworks();
    expect(await Order.find()).toMatchObject([{ site }]);
    clock.use(() => Date.now() + hours(1) + seconds(61));
    await forgetNetworks();
    const [forgotten] = await Order.find().lean();
    expect([forgotten?.network, forgotten?.site, forgotten?.placeInSite]).toEqual(Array(3).fill(undefined));
  });

  it("is also removed when a process of an older version has removed the network", async () => {
    await reserve({ from: addressInSite(0) });
    await Order.updateOne({}, { $unset: { network: 1, place: 1 } });
    clock.use(() => Date.now() + hours(1) + seconds(61));
    await forgetNetworks();
    const [forgotten] = await Order.find().lean();
    expect([forgotten?.site, forgotten?.placeInSite]).toEqual([undefined, undefined]);
  });

  it("is not stored for an IPv4 address", async () => {
    await reserve();
    const [stored] = await Order.find().lean();
    expect([stored?.site, stored?.placeInSite]).toEqual([undefined, undefined]);
  });
});

describe("after reservations that ended unpaid", () => {
  it("a buyer waits, twice as long after each further one, and may then order again", async () => {
    const userId = newId();
    await endUnpaid(3, userId, newId());
    expect(await reserve({ userId })).toMatchObject({ status: 201 });

    for (const pause of [30, 60, 120]) {
      await endUnpaid(1, userId, newId());
      const { status, body, headers } = await reserve({ userId });
      expect([status, body.code]).toEqual([429, "too-many-unpaid"]);
      const rest = Number(headers["retry-after"]);
      expect(rest).toBeGreaterThan(pause);
      expect(rest).toBeLessThanOrEqual(60 + pause); // from the end of the time that the last one had
    }
    const { values } = await refusedReservations.get();
    expect(values).toMatchObject([{ labels: { limit: "unpaid_buyer" }, value: 3 }]);

    clock.use(() => Date.now() + seconds(60 + 120 + 1));
    expect(await reserve({ userId })).toMatchObject({ status: 201 });
  });

  it("a buyer waits from the latest of any number of them", async () => {
    const userId = newId();
    clock.use(() => Date.now() - seconds(1800));
    await endUnpaid(30, userId, newId());
    clock.use();
    await endUnpaid(10, userId, newId());
    expect(await reserve({ userId })).toMatchObject({ status: 429, body: { code: "too-many-unpaid" } });
  });

  it("never waits longer than the limit in the settings", async () => {
    const userId = newId();
    await endUnpaid(15, userId, newId());
    const { status, headers } = await reserve({ userId });
    expect(status).toBe(429);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(260);
  });

  it("others in the network wait only when the network has had too many", async () => {
    await endUnpaid(5);
    expect(await reserve()).toMatchObject({ status: 201 });
    await endUnpaid(1);
    expect((await reserve()).body.code).toBe("too-many-unpaid");
    expect(await reserve({ from: elsewhere })).toMatchObject({ status: 201 });
  });

  it("others in the site wait only when the site has had too many", async () => {
    for (let n = 0; n < 4; n++) await endUnpaid(2, newId(), newId(), site);
    expect(await reserve({ from: addressInSite(1) })).toMatchObject({ status: 201 });
    await endUnpaid(1, newId(), newId(), site);
    const { status, body, headers } = await reserve({ from: addressInSite(1) });
    expect([status, body.code]).toEqual([429, "too-many-unpaid"]);
    expect(Number(headers["retry-after"])).toBeGreaterThan(30);
    const { values } = await refusedReservations.get();
    expect(values).toMatchObject([{ labels: { limit: "unpaid_site" }, value: 1 }]);
    expect(await reserve({ from: "2001:db8:2:1::1" })).toMatchObject({ status: 201 });
  });

  it("counts neither purchases nor what is an hour old", async () => {
    const userId = newId();
    for (let n = 0; n < 6; n++) {
      const order = await orderOf(userId, undefined, network);
      order.complete();
      await order.save();
    }
    clock.use(() => Date.now() - hours(1) - seconds(61));
    await endUnpaid(6, userId);
    clock.use();
    expect(await reserve({ userId })).toMatchObject({ status: 201 });
  });
});
