import { costOf, create, documented, order, pay, quiet, setUpCost } from "./cost";

setUpCost({ flow: "intents" });

it("matches the documented cost of paying with a PaymentIntent", async () => {
  const ticket = await create();
  await quiet();
  const reserved = await order(ticket);
  expect(await costOf(() => pay(reserved))).toEqual(documented("pay with intent"));
});
