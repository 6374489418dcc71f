import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { clock } from "@eventhive/common";
import { Client, type Credentials, type Order, type Ticket } from "../client";
import { paysByIntents } from "../payment-flow";
import type { Random } from "../random";
import { card, happenToIntent } from "../stack";
import { type ResponseLog, isRejected } from "./response-log";

/** Sells, buys, edits and cancels at random until `isOver`, whatever the responses are. */
export async function runUser(log: ResponseLog, random: Random, isOver: () => boolean): Promise<void> {
  let client = new Client();
  let credentials: Credentials | undefined;
  let newest: Ticket | undefined;

  const pause = () => wait(200 + random.below(800));
  const details = () => ({
    title: `Concert ${randomUUID()}`,
    price: (100 + random.below(9900)) / 100,
  });

  async function signUp(): Promise<void> {
    const newcomer = new Client();
    const chosen = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    const response = await log.record(newcomer.signUp(chosen));
    if (!response?.ok) return;
    log.accounts.push({ ...chosen, ...response.body });
    [client, credentials, newest] = [newcomer, chosen, undefined];
  }

  async function signIn(): Promise<void> {
    if (!credentials) return;
    const response = await log.record(client.signIn(credentials));
    if (response?.status === 400) log.lockedOut.push(credentials.email);
  }

  async function sell(): Promise<void> {
    const { title, price } = details();
    const response = await log.sell(client, title, price);
    if (response?.ok) newest = response.body;
  }

  async function edit(): Promise<void> {
    if (!newest) return;
    const edited = { id: newest.id, ...details() };
    const response = await log.record(client.edit(edited, edited));
    if (response?.ok) log.offers.push(response.body);
    else if (!isRejected(response)) log.unknownEdits.push(edited);
  }

  async function withdraw(): Promise<void> {
    if (!newest) return;
    const response = await log.record(client.withdraw(newest));
    if (response?.ok) log.withdrawn.push(newest.id);
  }

  /** Chooses among the newest offers only, so that users compete for them. */
  async function shop(): Promise<void> {
    const offers = await log.record(client.tickets("?limit=6"));
    if (!offers?.ok || offers.body.length === 0) return;
    const offer = random.oneOf(offers.body);
    const shown = random.chance(0.5) ? offer.price : undefined;
    const response = await log.order(client, offer, shown);
    if (!response?.ok) return;
    await pause();
    await random.oneOf(followUps)(response.body);
  }

  const cancel = (order: Order) => log.cancel(client, order);

  const requestPayment = (order: Order, token: string) =>
    log.record(client.pay(order, token), { isPayment: true });

  /** Retries with the same card while the outcome is unknown, or payments has no replica of the order yet. */
  async function pay(order: Order, token = "tok_visa"): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const response = await requestPayment(order, token);
      if (response?.ok) log.payments.push(response.body);
      if (response?.ok || (isRejected(response) && response?.status !== 404)) return;
      await pause();
    }
  }

  /** Passes 3-D Secure, fails it, or closes it and uses another card. The sandbox may be down, or the intent canceled. */
  async function payWith3DSecure(order: Order): Promise<void> {
    const token = await card("4000002760003184").catch(() => undefined);
    const response = token && (await requestPayment(order, token));
    if (!response || !response.ok || !response.body.intentId) return;
    const ending = random.oneOf(["pass-challenge", "pass-challenge", "fail-challenge", "closed"] as const);
    if (ending === "closed") return pay(order);
    await happenToIntent(response.body.intentId, ending).catch(() => undefined);
    await pay(order, token);
  }

  const followUps: ((order: Order) => Promise<unknown>)[] = [
    (order) => pay(order),
    (order) => pay(order),
    (order) => pay(order, "tok_chargeDeclined").then(() => pay(order)),
    (order) => Promise.all([pay(order), pay(order, "tok_mastercard")]),
    (order) => Promise.all([pay(order), cancel(order)]),
    ...(paysByIntents ? [payWith3DSecure] : []),
    cancel,
    async () => {}, // never pays
    async (order) => {
      const sooner = random.below(600) - 200;
      await wait(Math.max(0, new Date(order.expiresAt).getTime() - clock.now() - sooner));
      await pay(order);
    },
  ];
  const actions = [sell, sell, sell, edit, edit, withdraw, shop, shop, shop, shop, shop, signIn, signUp];

  while (!isOver()) {
    await pause();
    await (credentials ? random.oneOf(actions)() : signUp());
  }
}
