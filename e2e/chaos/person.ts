import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Credentials, type Order, type Ticket } from "../client";
import type { Random } from "../random";
import { type Answers, isRefused } from "./answers";

/** Sells, buys and changes his mind, as a browser would let him; goes on whatever he is answered. */
export async function live(answers: Answers, random: Random, isOver: () => boolean): Promise<void> {
  let client = new Client();
  let credentials: Credentials | undefined;
  let newest: Ticket | undefined;

  const hesitate = () => wait(200 + random.below(800));
  const details = () => ({
    title: `Concert ${randomUUID()}`,
    price: (100 + random.below(9900)) / 100,
  });

  async function signUp(): Promise<void> {
    const newcomer = new Client();
    const chosen = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    const answer = await answers.note(newcomer.signUp(chosen));
    if (!answer?.ok) return;
    answers.accounts.push({ ...chosen, ...answer.body });
    [client, credentials, newest] = [newcomer, chosen, undefined];
  }

  async function signIn(): Promise<void> {
    if (!credentials) return;
    const answer = await answers.note(client.signIn(credentials));
    if (answer?.status === 400) answers.lockedOut.push(credentials.email);
  }

  async function sell(): Promise<void> {
    const { title, price } = details();
    const answer = await answers.note(client.sell(title, price));
    if (!answer?.ok) return;
    answers.offers.push(answer.body);
    newest = answer.body;
  }

  async function edit(): Promise<void> {
    if (!newest) return;
    const edited = { id: newest.id, ...details() };
    const answer = await answers.note(client.edit(edited, edited));
    if (answer?.ok) answers.offers.push(answer.body);
    else if (!isRefused(answer)) answers.unknownEdits.push(edited);
  }

  async function withdraw(): Promise<void> {
    if (!newest) return;
    const answer = await answers.note(client.withdraw(newest));
    if (answer?.ok) answers.withdrawn.push(newest.id);
  }

  /** Looks at the newest offers only, so that many want the same ones. */
  async function shop(): Promise<void> {
    const offers = await answers.note(client.tickets("?limit=6"));
    if (!offers?.ok || offers.body.length === 0) return;
    const offer = random.oneOf(offers.body);
    const shown = random.chance(0.5) ? offer.price : undefined;
    const askedAt = Date.now();
    const answer = await answers.note(client.order(offer, shown));
    if (!answer?.ok) return;
    answers.reservations.push({ order: answer.body, shown, askedAt, answeredAt: Date.now() });
    await hesitate();
    await random.oneOf(endings)(answer.body);
  }

  async function cancel(order: Order): Promise<void> {
    const answer = await answers.note(client.cancel(order));
    if (answer?.ok) answers.cancelled.push(order.id);
  }

  /** Asks again with the same card while he does not know, and while payments has not heard of the order. */
  async function pay(order: Order, token = "tok_visa"): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const answer = await answers.note(client.pay(order, token));
      if (answer?.ok) answers.payments.push(answer.body);
      if (answer?.ok || (isRefused(answer) && answer?.status !== 404)) return;
      await hesitate();
    }
  }

  const endings: ((order: Order) => Promise<unknown>)[] = [
    (order) => pay(order),
    (order) => pay(order),
    (order) => pay(order, "tok_chargeDeclined").then(() => pay(order)),
    (order) => Promise.all([pay(order), pay(order, "tok_mastercard")]),
    (order) => Promise.all([pay(order), cancel(order)]),
    cancel,
    async () => {}, // forgets it
    async (order) => {
      const sooner = random.below(600) - 200;
      await wait(Math.max(0, new Date(order.expiresAt).getTime() - Date.now() - sooner));
      await pay(order);
    },
  ];
  const habits = [sell, sell, sell, edit, edit, withdraw, shop, shop, shop, shop, shop, signIn, signUp];

  while (!isOver()) {
    await hesitate();
    await (credentials ? random.oneOf(habits)() : signUp());
  }
}
