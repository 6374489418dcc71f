import { newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderOutcomes } from "./metrics";
import { orderOf } from "../test/fixtures";

setUpService(database);

it("counts the outcomes of orders, each change once", async () => {
  orderOutcomes.reset();
  const [bought, cancelled, expired] = [await orderOf(), await orderOf(), await orderOf()];
  const ofBanned = await orderOf();
  bought.grant(newId());
  await bought.save();
  bought.complete();
  cancelled.cancel("buyer");
  expired.cancel("expired");
  ofBanned.cancelForBan();
  for (const order of [bought, cancelled, expired, ofBanned]) await order.save();

  const { values } = await orderOutcomes.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
    created: 4,
    complete: 1,
    cancelled_by_buyer: 1,
    expired: 1,
    cancelled_by_ban: 1,
  });
});
