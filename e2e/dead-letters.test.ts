import { mongo } from "mongoose";
import { type Order, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { deadLettersOf } from "./dead-letters";
import { reservationSeconds } from "./reservation-seconds";
import { orderOf, ticketOnSale } from "./setup";
import { database, run, setReservations } from "./stack";
import { stackViolations } from "./stack-violations";

const deadLetters = (...action: string[]) => run("tickets", "dead-letters", ...action);

const lettersAbout = async ({ id }: Order) =>
  (await deadLettersOf("tickets")).filter(({ bytes }) => Buffer.from(bytes, "base64").includes(id));

// Killed processes of earlier tests may have received the order that is to be paid.
beforeAll(() => setReservations(reservationSeconds.long));
afterAll(() => setReservations(reservationSeconds.short));

it("lets an operator see, replay and discard what a service could not handle", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const ticket = await ticketOnSale(seller);
  const tickets = database("tickets").collection("tickets");
  const lost = await tickets.findOneAndDelete({ _id: new mongo.ObjectId(ticket.id) });
  if (!lost) throw new Error("There was nothing to lose");
  const order = await orderOf(buyer, ticket);
  expect(await buyer.pay(order)).toMatchObject({ status: 201 });
  const letters = await eventually(async () => {
    const kept = await lettersAbout(order);
    expect(kept.map(({ subject }) => subject).toSorted()).toEqual(["order:completed", "order:created"]);
    return new Map(kept.map(({ subject, id }) => [subject, id]));
  });
  const created = letters.get("order:created") ?? "";
  const completed = letters.get("order:completed") ?? "";

  expect(await deadLetters("list")).toContain(`${completed}  `);
  expect(await deadLetters("show", completed)).toMatch(
    new RegExp(`"id":"${order.id}".*DocumentNotFoundError`, "s"),
  );
  await expect(deadLetters("replay", completed)).rejects.toThrow("Command failed");
  expect(await lettersAbout(order)).toHaveLength(2);

  await tickets.insertOne(lost);
  const wrong = expect.stringContaining(`I11: ticket ${ticket.id}`);
  expect(await stackViolations({ withinSeconds: 1 })).toEqual(expect.arrayContaining([wrong]));
  expect(await deadLetters("replay", completed)).toContain(completed);
  expect(await deadLetters("discard", created)).toContain(created);
  expect(await lettersAbout(order)).toEqual([]);
  expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ status: "sold", orderId: order.id });
  expect(await stackViolations()).toEqual([]);
});
