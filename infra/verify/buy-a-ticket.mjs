// Sells and buys a ticket through the public API, to verify a deployment:
//   EVENTHIVE_URL=http://localhost:3000 node infra/verify/buy-a-ticket.mjs
// With live keys, Stripe rejects test cards: with CARD_TOKEN=none, the ticket is only reserved and released.
// Plain JavaScript without packages, because its image contains nothing else.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const { EVENTHIVE_URL, CARD_TOKEN = "tok_visa", WITHIN_SECONDS = "60" } = process.env;
assert(EVENTHIVE_URL, "EVENTHIVE_URL is not set");
let end = performance.now() + Number(WITHIN_SECONDS) * 1000;

const seller = await signUp("seller");
const buyer = await signUp("buyer");
const ticket = await seller("POST", "/api/tickets", { title: "A seat to verify a deployment", price: 12.5 });
const order = await eventually("orders has received the ticket", () =>
  buyer("POST", "/api/orders", { ticketId: ticket.id, price: ticket.price }),
);
if (CARD_TOKEN === "none") await cancel();
else await pay().catch(cleanUp);
const page = await fetch(EVENTHIVE_URL);
assert(page.ok && (await page.text()).includes("EventHive"), `the home page returned ${page.status}`);
console.log(
  `${CARD_TOKEN === "none" ? "Reserved and released" : "Bought"} ticket ${ticket.id} with order ${order.id}`,
);

async function pay() {
  // A retry with the same card joins the payment in progress, so it cannot charge twice.
  await eventually("payments accepts the card", () =>
    buyer("POST", "/api/payments", { orderId: order.id, token: CARD_TOKEN }),
  );
  await eventually("the payment is settled", async () => {
    const payments = await buyer("GET", "/api/payments");
    assert.equal(payments.find(({ orderId }) => orderId === order.id)?.state, "settled");
  });
  await eventually("the order is complete", async () =>
    assert.equal((await buyer("GET", `/api/orders/${order.id}`)).status, "complete"),
  );
  await eventually("the ticket is sold", async () =>
    assert.equal((await buyer("GET", `/api/tickets/${ticket.id}`)).status, "sold"),
  );
}

async function cancel() {
  await buyer("DELETE", `/api/orders/${order.id}`);
  await eventually("the ticket is on sale again", async () =>
    assert.equal((await buyer("GET", `/api/tickets/${ticket.id}`)).status, "available"),
  );
  await seller("DELETE", `/api/tickets/${ticket.id}`);
}

/** A ticket of a failed verification must not remain on sale. */
async function cleanUp(error) {
  end = performance.now() + 10_000;
  await cancel().catch((second) => console.error(second.message));
  throw error;
}

/** Creates a user. Resolves with a function that sends requests in their session and returns response bodies. */
async function signUp(name) {
  let cookie = "";
  const request = async (method, path, body) => {
    const response = await fetch(EVENTHIVE_URL + path, {
      method,
      headers: { cookie, ...(body && { "content-type": "application/json" }) },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert(response.ok, `${method} ${path} returned ${response.status} ${text}`);
    cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? cookie;
    return text && JSON.parse(text);
  };
  await request("POST", "/api/users/signup", {
    email: `${name}-${randomUUID()}@verification.invalid`, // recognized by auth's command `remove-verification-accounts`
    password: randomUUID(),
  });
  return request;
}

/** Retries, because services learn of each other's changes with a delay. */
async function eventually(fact, check) {
  for (;;) {
    try {
      const result = await check();
      console.log(fact);
      return result;
    } catch (error) {
      if (performance.now() > end) throw new Error(`Timed out waiting until ${fact}`, { cause: error });
      await delay(200);
    }
  }
}
