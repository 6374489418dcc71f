import { setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { paymentStates } from "./metrics";
import { begunPayment, orderToPay, setUpSandbox } from "../test/fixtures";

setUpService(database);
setUpSandbox({ flow: "charges" });

it("counts the states that payments enter", async () => {
  paymentStates.reset();
  const [declined, charged] = [
    await begunPayment(await orderToPay()),
    await begunPayment(await orderToPay()),
  ];
  declined.fail("Your card was declined.");
  charged.confirmCharge("ch_1");
  for (const payment of [declined, charged]) await payment.save();

  const { values } = await paymentStates.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.state, value]))).toEqual({
    charging: 2,
    failed: 1,
    charged: 1,
  });
});
