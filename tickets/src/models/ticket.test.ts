import { newId, rebuilt } from "@eventhive/common/testing";
import fc from "fast-check";
import { Ticket } from "./ticket";

const states = fc.record({
  title: fc.string({ minLength: 1, maxLength: 200 }),
  price: fc.integer({ min: 1, max: 100_000 }).map((cents) => cents / 100),
  state: fc.constantFrom(
    { status: "available", withdrawn: false },
    { status: "withdrawn", withdrawn: true },
    { status: "reserved", withdrawn: false, orderId: newId() },
    { status: "sold", withdrawn: false, orderId: newId() },
  ),
});

it("is rebuilt from an event as it was published", () => {
  fc.assert(
    fc.property(states, ({ title, price, state }) => {
      const published = { title, price, userId: newId(), ...state };
      const ticket = rebuilt(Ticket, { id: newId(), version: 3, ...published });
      expect(ticket.publicState()).toEqual(published);
      expect(ticket.available).toBe(state.status === "available");
    }),
  );
});
