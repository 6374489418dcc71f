import { clock, seconds } from "@eventhive/common";
import { setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import type { Payment } from "../models/payment";
import { begunPayment, orderToPay, setUpSandbox } from "../../test/fixtures";

setUpService(database);
setUpSandbox();

const start = Date.UTC(2026, 10, 30, 12);
const at = (second: number) => new Date(start + seconds(second)).toISOString();

/** Each step happens a second after the one before. */
async function after(...steps: ((payment: Payment) => boolean)[]) {
  clock.use(() => start);
  const order = await orderToPay({ expiresAt: at(60) });
  const payment = await begunPayment(order);
  for (const [index, step] of steps.entries()) {
    clock.use(() => start + seconds(index + 1));
    step(payment);
    await payment.save();
  }
  const { body } = await request(app).get("/api/payments").set("Cookie", signedIn(order.userId)).expect(200);
  return body[0];
}

const storeIntent = (payment: Payment) => payment.storeIntent("pi_1");
const authorize = (payment: Payment) => payment.authorize();
const startCapture = (payment: Payment) => payment.startCapture();
const confirmCapture = (payment: Payment) => payment.confirmCapture("ch_1");
const startVoid = (payment: Payment) => payment.startVoid();
const confirmVoid = (payment: Payment) => payment.confirmVoid();

it("shows the buyer when the money was held, charged and refunded", async () => {
  const charged = [storeIntent, authorize, startCapture, confirmCapture];
  expect(await after(...charged)).toMatchObject({ authorizedAt: at(2), chargedAt: at(4) });
  const refunded = await after(
    ...charged,
    (payment) => payment.startRefund(),
    (payment) => payment.confirmRefund(),
  );
  expect(refunded).toMatchObject({ authorizedAt: at(2), chargedAt: at(4), refundedAt: at(6) });
  expect(refunded).not.toHaveProperty("releasedAt");
});

it("shows the buyer when a hold was released", async () => {
  const released = await after(storeIntent, authorize, startVoid, confirmVoid);
  expect(released).toMatchObject({ state: "failed", authorizedAt: at(2), releasedAt: at(4) });
  expect(released).not.toHaveProperty("chargedAt");
});

it("shows no release if nothing was held", async () => {
  const declined = await after(storeIntent, startVoid, confirmVoid);
  expect(declined).not.toHaveProperty("authorizedAt");
  expect(declined).not.toHaveProperty("releasedAt");
});
