import { eventually } from "../../common/src/testing/eventually";
import { type Order, bodyOf } from "../client";
import { endFaults, fault, ledger } from "../stack";
import { expectFailure } from "./browser";
import { heading, openOrder, payWith } from "./page-actions";
import { payByCharges } from "./stack-controls";

payByCharges();

const chargesOf = async ({ id }: Order) =>
  (await ledger()).charges.filter(({ metadata }) => metadata.orderId === id);

it("shows why a card was declined, and accepts another card", async () => {
  const { page, order } = await openOrder();
  expectFailure(400, "/api/payments");
  await payWith(page, /has insufficient funds$/);
  await page.getByText("Your card has insufficient funds. You have not been charged.").waitFor();
  await payWith(page, /pays$/);
  await heading(page, "The ticket is yours").waitFor();
  const paid = { captured: true, payment_intent: null };
  expect(await chargesOf(order)).toMatchObject([{ paid: false }, paid]);
});

it("shows that the outcome is unknown until the bank has responded", async () => {
  const { page, order } = await openOrder();
  expectFailure(503, "/api/payments");
  await fault({ kind: "hold", operation: "charge" });
  await payWith(page, /pays$/);
  await heading(page, "Confirming your payment").waitFor();
  await page.getByText("Your card is being charged. You will be charged at most once").waitFor();
  await endFaults("charge");
  await heading(page, "The ticket is yours").waitFor();
  expect(await chargesOf(order)).toHaveLength(1);
});

it("shows the refund of an order that was cancelled while its card was being charged", async () => {
  const { page, client, order } = await openOrder();
  await fault({ kind: "hold", operation: "charge" });
  const paying = client.pay(order);
  await eventually(async () => expect(await bodyOf(client.payments())).toHaveLength(1));
  await client.cancel(order);
  await heading(page, "Checking your payment").waitFor(); // the outcome of the charge is unknown
  await endFaults("charge");
  await heading(page, "You have been refunded").waitFor();
  expect(await paying).toMatchObject({ status: 400, body: { code: "order-cancelled" } });
});
