import { randomInt } from "node:crypto";
import type { Page } from "playwright-core";
import { demoTickets } from "../../infra/local/demo";
import { bodyOf, Client, type Credentials, type Order, type Ticket } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "../setup";
import { refundByHand } from "../../infra/stripe-sandbox/refund-by-hand";
import { card, dispute, endFaults, fault, run, stackFile } from "../stack";
import { whilePayingByCharges, whileReservationsLast } from "./stack-controls";

const programme = demoTickets.toReversed(); // lists begin with the newest
const pageAndMore = 26;

/** `owner` has one listing of each kind, `buyer` one order of each kind, `newcomer` has nothing, `forger` is banned. */
export type Role = "seller" | "owner" | "buyer" | "rival" | "newcomer" | "admin" | "forger";
type User = Credentials & { client: Client };

/** A marketplace with an order and a listing in every state, and methods to add more. */
export class Marketplace {
  private listed = 0;

  private constructor(
    readonly users: Record<Role, User>,
    readonly past: { paid: Order; cancelled: Order; expired: Order; refunded: Order },
    readonly listings: { withdrawn: Ticket; sold: Ticket; available: Ticket },
  ) {}

  static async open(): Promise<Marketplace> {
    const users = {
      seller: await signUp("seller"),
      owner: await signUp("owner"),
      buyer: await signUp("buyer"),
      rival: await signUp("rival"),
      newcomer: await signUp("newcomer"),
      admin: await signUp("admin"),
      forger: await signUp("forger"),
    };
    await ban(users.forger, { by: users.admin });
    const [seller, owner, buyer, rival] = [users.seller, users.owner, users.buyer, users.rival];
    const past = await placeOrders(buyer.client, seller.client);
    const listings = await createListings(owner.client, rival.client);
    for (let seat = 1; seat <= pageAndMore; seat++)
      await bodyOf(seller.client.sell(`Chamber music, row B, seat ${seat}`, 18));
    for (const { title, price } of programme) await bodyOf(seller.client.sell(title, price));
    return new Marketplace(users, past, listings);
  }

  async signIn(page: Page, role: Role): Promise<void> {
    const { email, password } = this.users[role];
    const response = await page.context().request.post("/api/users/signin", { data: { email, password } });
    if (!response.ok()) throw new Error(`got ${response.status()} ${await response.text()}`);
  }

  /** The next ticket of the programme. */
  onSale(): Promise<Ticket> {
    return ticketOnSale(this.users.seller.client, programme[this.listed++ % programme.length]);
  }

  async reserved({ by }: { by: Role }): Promise<Order> {
    return reserve(this.users[by].client, await this.onSale());
  }

  async paid({ by }: { by: Role }): Promise<Order> {
    return buy(this.users[by].client, await this.onSale());
  }

  /** An order whose card is being checked until `endFaults("confirm")`. */
  async beingPaid({ by }: { by: Role }): Promise<Order> {
    const order = await this.reserved({ by });
    await startPaying(this.users[by].client, order, "confirm");
    return order;
  }

  /** While paying with charges: an order whose charge is not over until `endFaults("charge")`. */
  async beingCharged({ by }: { by: Role }): Promise<Order> {
    const order = await this.reserved({ by });
    await startPaying(this.users[by].client, order, "charge");
    return order;
  }

  /** An order that was granted, and whose card is being charged. */
  async beingCaptured({ by }: { by: Role }): Promise<Order> {
    const order = await this.reserved({ by });
    const { client } = this.users[by];
    await fault({ kind: "processing", operation: "capture" });
    void client.pay(order, await card());
    await eventually(async () => {
      const { status } = await bodyOf(client.showOrder(order));
      if (status !== "awaiting:payment") throw new Error(`The order is ${status}`);
    });
    return order;
  }

  /** A paid order of which a part was refunded in Stripe's dashboard, and whose charge is disputed. */
  async changedAtStripe({ by }: { by: Role }): Promise<Order> {
    const order = await this.paid({ by });
    await changeAtStripe(this.users[by].client, order);
    return order;
  }

  /** A cancelled order, for which money was held. */
  async released({ by }: { by: Role }): Promise<Order> {
    const order = await this.reserved({ by });
    const { client } = this.users[by];
    await fault({ kind: "refuse", operation: "capture", times: 100 }); // also a repetition after a timeout
    await client.pay(order, await card());
    await eventually(async () => {
      const [payment] = await bodyOf(client.payments(`?orderId=${order.id}`));
      if (payment?.state !== "failed") throw new Error(`The payment is ${payment?.state}`);
    });
    await endFaults("capture");
    await eventually(() => bodyOf(client.cancel(order))); // once orders has released it
    return order;
  }
}

/** Refunds 5 USD of a paid order in Stripe's dashboard, and disputes its charge. Resolves when payments has seen both. */
export async function changeAtStripe(client: Client, order: Order): Promise<void> {
  const [paid] = await bodyOf(client.payments(`?orderId=${order.id}`));
  if (!paid) throw new Error("There is no payment");
  await refundByHand(stackFile().servers.stripe, paid.stripeId, 500);
  await dispute(paid.stripeId);
  await eventually(async () => {
    await run("payments", "reconcile", "1", "0.0001"); // once the payment is settled
    const [payment] = await bodyOf(client.payments(`?orderId=${order.id}`));
    if (!payment?.amountRefunded || !payment.disputedAt) throw new Error("payments has not seen it");
  });
}

async function signUp(role: Role): Promise<User> {
  const client = new Client();
  const credentials = { email: `${role}-${randomInt(1e6)}@example.com`, password: "correct horse" };
  await bodyOf(client.signUp(credentials));
  return { client, ...credentials };
}

async function ban({ email }: User, { by: { email: admin, client } }: { by: User }): Promise<void> {
  await run("auth", "grant-admin", admin);
  const [found] = await bodyOf(client.send<{ id: string }[]>("GET", `/api/users?email=${email}`));
  await bodyOf(client.send("POST", `/api/users/${found?.id}/ban`, { reason: "Sells forged tickets" }));
}

async function placeOrders(buyer: Client, seller: Client) {
  const [first, second, third, fourth] = [
    await ticketOnSale(seller, { title: "Flea market, a table", price: 15 }),
    await ticketOnSale(seller, { title: "Puppet theatre, matinee", price: 9.5 }),
    await ticketOnSale(seller, { title: "Guided tour of the old brewery", price: 18 }),
    await ticketOnSale(seller, { title: "Choir night at the cathedral", price: 27 }),
  ];
  const orders: Order[] = [];
  await whileReservationsLast(1, async () => void orders.push(await orderOf(buyer, first)));
  const refunded = await orderOf(buyer, second);
  const cancelled = await orderOf(buyer, third);
  await whilePayingByCharges(async () => {
    await startPaying(buyer, refunded, "charge");
    for (const order of [refunded, cancelled]) await bodyOf(buyer.cancel(order));
    await endFaults("charge");
  });
  const paid = await buy(buyer, fourth);
  const [expired = paid] = orders;
  await eventually(async () => {
    const [payment] = await bodyOf(buyer.payments(`?orderId=${refunded.id}`));
    const { status } = await bodyOf(buyer.showOrder(expired));
    if (payment?.state !== "refunded" || status !== "cancelled")
      throw new Error("Not all orders have ended yet");
  });
  return { paid, cancelled, expired, refunded };
}

async function createListings(owner: Client, rival: Client) {
  const withdrawn = await ticketOnSale(owner, { title: "Ballet gala, circle", price: 54 });
  await bodyOf(owner.withdraw(withdrawn));
  const sold = await ticketOnSale(owner, { title: "Pub quiz, a team of four", price: 8 });
  await buy(rival, sold);
  const available = await ticketOnSale(owner, { title: "Harbour cruise at sunset", price: 31.5 });
  return { withdrawn, sold, available };
}

export async function reserve(buyer: Client, ticket: Ticket): Promise<Order> {
  const order = await orderOf(buyer, ticket);
  await becomes(buyer, ticket, "reserved");
  return order;
}

/** Resolves when the ticket is sold, so that the order is complete. */
export async function buy(buyer: Client, ticket: Ticket): Promise<Order> {
  const order = await orderOf(buyer, ticket);
  await bodyOf(buyer.pay(order));
  await becomes(buyer, ticket, "sold");
  return order;
}

/** Resolves when the payment exists; the response comes later. */
async function startPaying(buyer: Client, order: Order, held: "confirm" | "charge"): Promise<void> {
  await fault({ kind: "hold", operation: held });
  void buyer.pay(order, await card());
  await eventually(async () => {
    const payments = await bodyOf(buyer.payments(`?orderId=${order.id}`));
    if (payments.length === 0) throw new Error("There is no payment yet");
  });
}

async function becomes(client: Client, ticket: Ticket, status: Ticket["status"]): Promise<void> {
  await eventually(async () => {
    const { status: now } = await bodyOf(client.ticket(ticket));
    if (now !== status) throw new Error(`The ticket is ${now}`);
  });
}
