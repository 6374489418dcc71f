// Buys a ticket as two people would, by the public API: after a deployment, from inside the cluster.
//   EVENTHIVE_URL=http://localhost:3000 node infra/verify/buy-a-ticket.mjs
// Cards of tests cannot pay where Stripe's keys are live: with CARD_TOKEN=none the ticket is only reserved, and freed.
// Plain JavaScript that needs nothing but Node.js: it is all that its image has in it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const { EVENTHIVE_URL, CARD_TOKEN = "tok_visa", WITHIN_SECONDS = "60" } = process.env;
assert(EVENTHIVE_URL, "EVENTHIVE_URL is not set");
let end = performance.now() + Number(WITHIN_SECONDS) * 1000;

const seller = await signUp("seller");
const buyer = await signUp("buyer");
const ticket = await seller("POST", "/api/tickets", { title: "A seat to verify a deployment", price: 12.5 });
const order = await eventually("orders knows the ticket", () =>
  buyer("POST", "/api/orders", { ticketId: ticket.id, price: ticket.price }),
);
if (CARD_TOKEN === "none") await changeMind();
else await pay().catch(leaveNothing);
const page = await fetch(EVENTHIVE_URL);
assert(page.ok && (await page.text()).includes("EventHive"), `the front page answered ${page.status}`);
console.log(
  `${CARD_TOKEN === "none" ? "Reserved and freed" : "Bought"} ticket ${ticket.id} with order ${order.id}`,
);

async function pay() {
  // The same card again joins a payment that has begun: asking twice cannot charge twice.
  await eventually("payments takes the card", () =>
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

async function changeMind() {
  await buyer("DELETE", `/api/orders/${order.id}`);
  await eventually("the ticket is on sale again", async () =>
    assert.equal((await buyer("GET", `/api/tickets/${ticket.id}`)).status, "available"),
  );
  await seller("DELETE", `/api/tickets/${ticket.id}`);
}

/** What is not paid for must not stay on sale to everybody. */
async function leaveNothing(error) {
  end = performance.now() + 10_000;
  await changeMind().catch((second) => console.error(second.message));
  throw error;
}

/** Somebody new, who asks the API with a session of their own and gets the body of good answers. */
async function signUp(name) {
  let cookie = "";
  const ask = async (method, path, body) => {
    const response = await fetch(EVENTHIVE_URL + path, {
      method,
      headers: { cookie, ...(body && { "content-type": "application/json" }) },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert(response.ok, `${method} ${path} answered ${response.status} ${text}`);
    cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? cookie;
    return text && JSON.parse(text);
  };
  await ask("POST", "/api/users/signup", {
    email: `${name}-${randomUUID()}@verification.invalid`, // the command `remove-verification-accounts` of auth knows it
    password: randomUUID(),
  });
  return ask;
}

/** What one service says reaches the others a moment later. */
async function eventually(fact, look) {
  for (;;) {
    try {
      const seen = await look();
      console.log(fact);
      return seen;
    } catch (error) {
      if (performance.now() > end) throw new Error(`Waited in vain until ${fact}`, { cause: error });
      await delay(200);
    }
  }
}
