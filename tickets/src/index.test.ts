import { join } from "node:path";
import { clock, hours } from "@eventhive/common";
import { deliver, setUpService } from "@eventhive/common/testing";
import { endProcesses, runOnce } from "../../common/test/service-process";
import { database } from "./database";
import { orderCancelled } from "./listeners/orders";
import { Order } from "./models/order";
import { orderEvent, ticketOnSale } from "../test/fixtures";

setUpService(database);
afterEach(endProcesses);

it("prunes old ended orders", async () => {
  const expiresAt = new Date(clock.now() - hours(24 * 31)).toISOString();
  await deliver(
    orderCancelled,
    orderEvent(await ticketOnSale(), { version: 1, status: "cancelled", expiresAt }),
  );
  expect(await Order.countDocuments()).toBe(1);
  await runOnce(
    join(__dirname, "index.ts"),
    { MONGO_URL: `${process.env.TEST_MONGO_URL}/${database.name}` },
    async () => expect(await Order.countDocuments()).toBe(0),
  );
});
