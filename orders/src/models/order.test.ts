import { newId, setUpService } from "@eventhive/common/testing";
import { z } from "zod";
import { database } from "../database";
import { orderOf } from "../testing";
import { Order, liveOrdersOf } from "./order";

setUpService(database);

const statistics = z.object({
  executionStats: z.object({ totalDocsExamined: z.number(), totalKeysExamined: z.number() }),
});

it("counts a buyer's live orders without reading their past ones or other buyers' orders", async () => {
  const buyer = newId();
  for (let count = 0; count < 3; count++) await orderOf(buyer);
  for (let count = 0; count < 20; count++) await orderOf();
  const past = Array.from({ length: 1000 }, (_, index) => ({
    userId: buyer,
    expiresAt: new Date(),
    createdAt: new Date(),
    version: 1,
    outbox: [],
    ...(index % 2 ? { status: "cancelled" } : { status: "complete", reserves: newId() }),
  }));
  await Order.collection.insertMany(past);

  expect(await Order.countDocuments(liveOrdersOf(buyer))).toBe(3);
  const { executionStats } = statistics.parse(
    await Order.find(liveOrdersOf(buyer)).explain("executionStats"),
  );
  expect(executionStats.totalDocsExamined).toBe(3);
  expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(5);
});
