import { clock, minutes } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { expireOverdueOrders } from "./expire-orders";
import { measureOverdue } from "./measure-overdue";
import { overdueSeconds } from "./metrics";
import { orderOf } from "../test/fixtures";

setUpService(database);

async function measured(): Promise<number | undefined> {
  await measureOverdue();
  return (await overdueSeconds.get()).values[0]?.value;
}

it("reports how long the oldest reservation has been overdue, until it is ended", async () => {
  const order = await orderOf();
  const paid = await orderOf();
  paid.complete();
  await paid.save();
  expect(await measured()).toBe(0);
  clock.use(() => order.expiresAt.getTime() + minutes(3));
  expect(await measured()).toBe(180);
  await expireOverdueOrders();
  expect(await measured()).toBe(0);
});
