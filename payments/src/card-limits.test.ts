import { clock, hours } from "@eventhive/common";
import { newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { refusedCards } from "./metrics";
import { type OrderEvent, begunPayment, orderToPay, pays, setUpSandbox } from "../test/fixtures";

// Read at first use.
Object.assign(process.env, {
  MAX_OTHER_CARDS_PER_HOUR: "3",
  MAX_OTHER_CARDS_PER_NETWORK_PER_HOUR: "5",
  MAX_OTHER_CARDS_PER_SITE_PER_HOUR: "8",
});

setUpService(database);
const sandbox = setUpSandbox({ flow: "charges" });

const midnight = hours(24) * (Math.floor(Date.now() / hours(24)) + 1);
beforeEach(() => {
  clock.use(() => midnight);
  refusedCards.reset();
  sandbox.requests.length = 0;
});

/** Of an order, of a user of its own unless another one is given. */
const openOrder = (difference: Partial<OrderEvent> = {}) =>
  orderToPay({ expiresAt: new Date(midnight + hours(2)).toISOString(), ...difference });

/** Stripe declines it, because it does not know the token. */
const card = (number: number) => `tok_none_${number}`;
const declined = { status: 400, body: { code: "payment-declined" } };
const refused = { status: 429, body: { code: "too-many-cards" }, headers: { "retry-after": "3600" } };

const inParallel = <T>(count: number, act: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

async function refusals() {
  const { values } = await refusedCards.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.limit, value]));
}

it("limits the cards of a user per hour, but neither a token that was sent nor the first card of an order", async () => {
  const userId = newId();
  const order = await openOrder({ userId });
  for (let number = 0; number < 4; number++) {
    expect(await pays(order, card(number))).toMatchObject(declined);
    expect(await pays(order, card(number))).toMatchObject(declined);
  }
  expect(sandbox.requests).toHaveLength(4);
  expect(await pays(order, card(4))).toMatchObject(refused);
  expect(sandbox.requests).toHaveLength(4);
  expect(await refusals()).toEqual({ cards_of_user: 1 });

  expect(await pays(order, card(3))).toMatchObject(declined);
  const other = await openOrder({ userId });
  expect(await pays(other, card(0))).toMatchObject(declined);
  expect(await pays(other, card(1))).toMatchObject(refused);
  clock.use(() => midnight + hours(1));
  expect(await pays(order, card(4))).toMatchObject(declined);
});

it("does not count cards while another payment is in progress", async () => {
  const order = await openOrder();
  await begunPayment(order);
  const responses = await inParallel(5, (index) => pays(order, card(index)));
  expect(responses.map(({ body }) => body.code)).toEqual(Array(5).fill("payment-in-progress"));
  expect(await refusals()).toEqual({});
});

/** The second card of each order, all at once, after the first one was declined. */
async function payAgain(count: number, addressOf: (index: number) => string) {
  const orders = await inParallel(count, () => openOrder());
  const first = await inParallel(count, (index) => paysFrom(orders[index], addressOf(index), card(0)));
  for (const response of first) expect(response).toMatchObject(declined);
  const second = await inParallel(count, (index) => paysFrom(orders[index], addressOf(index), card(1)));
  for (const response of second) expect(response).toMatchObject(response.status === 429 ? refused : declined);
  return second.filter(({ status }) => status === 429).length;
}

function paysFrom(order: OrderEvent | undefined, address: string, token: string) {
  if (!order) throw new Error("There is no order");
  return pays(order, token, { address });
}

it.each([
  ["an IPv4 address", () => "203.0.113.7"],
  ["an IPv6 /64", (index: number) => `2001:db8:1:2::${index + 1}`],
])("limits cards per hour from %s, however many users pay in parallel", async (_what, addressOf) => {
  expect(await payAgain(7, addressOf)).toBe(2);
  expect(await refusals()).toEqual({ cards_of_network: 2 });
});

it("limits cards per hour from an IPv6 /48", async () => {
  expect(await payAgain(10, (index) => `2001:db8:1:${index + 1}::1`)).toBe(2);
  expect(await refusals()).toEqual({ cards_of_site: 2 });
});
