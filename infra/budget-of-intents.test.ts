import { costOf, create, documented, order, pay, quiet, setUpCost } from "./cost";

setUpCost({ flow: "intents" });

it("costs what ARCHITECTURE.md says to pay by an intent", async () => {
  const ticket = await create();
  await quiet();
  const reserved = await order(ticket);
  expect(await costOf(() => pay(reserved))).toEqual(documented("pay with intent"));
});
