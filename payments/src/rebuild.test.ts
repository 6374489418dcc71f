import { MemoryBroker, eventBytes, setUpService, newIds } from "@eventhive/common/testing";
import { checkedData } from "../../common/src/contract/events";
import { rebuild } from "../../common/src/service/rebuild";
import { database } from "./database";
import { Payment } from "./models/payment";
import { begunPayment, chargedPayment, orderToPay, reload, setUpSandbox } from "../test/fixtures";

setUpService(database);
setUpSandbox({ flow: "charges" });

/** What the broker knows of a payment; the database forgets it, as one that is restored from an older copy. */
async function lose(broker: MemoryBroker, payment: Payment): Promise<void> {
  const { id, version } = payment;
  const data = checkedData("payment:created", { id, version, ...payment.publicState() });
  const bytes = eventBytes("payment:created", data);
  await broker.connect("payments").publish("payment:created", bytes, newIds());
  await Payment.deleteOne({ _id: id });
}

it("restores the payment that succeeded, although the copy still has one charging that was declined later", async () => {
  const broker = new MemoryBroker();
  const order = await orderToPay();
  const refused = await begunPayment(order, "tok_refused");
  const copy = await Payment.collection.findOne({ _id: refused._id });
  refused.fail("Your card was declined.");
  await refused.save();
  const paid = await chargedPayment(order);
  await lose(broker, paid);
  if (copy) await Payment.collection.replaceOne({ _id: copy._id }, copy);

  expect(await rebuild(database, broker.connect("payments"))).toBe(1);
  expect(await reload(paid)).toMatchObject({ state: "charged", pays: order.id, version: 1 });
  expect((await reload(paid)).isAnnounced).toBeUndefined(); // a charge is never authorized
  const { state, pays, token } = await reload(refused);
  expect({ state, pays, token }).toEqual({ state: "failed" });
});
