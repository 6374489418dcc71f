import { createApp } from "../src/http/create-app";
import { createDatabase } from "../src/database/database";
import { defineAggregate } from "../src/database/define-aggregate";
import { unchanged } from "../src/database/logged-model";
import type { EventData } from "../src/contract/events";

// What the examples in doc comments assume: the parts of a service of tickets.

export const database = createDatabase("tickets");

export const Ticket = defineAggregate(database, "Ticket", {
  subjects: ["ticket:created", "ticket:updated"],
  published: {
    title: { type: String, required: true },
    price: { type: Number, required: true },
    userId: { type: String, required: true },
    withdrawn: { type: Boolean, default: false },
    orderId: { type: String },
  },
  computed: { status: ({ withdrawn }) => (withdrawn ? ("withdrawn" as const) : ("available" as const)) },
  unpublished: { note: { type: String } },
  restore: () => ({ note: unchanged }),
  currentSubject: ({ version }) => (version === 0 ? "ticket:created" : "ticket:updated"),
  methods: {
    withdraw() {
      this.withdrawn = true;
      this.record("ticket:updated");
    },
  },
  indexes: [[{ userId: 1 }]],
});

/** A ticket as its events carry it. */
export const ticket: EventData<"ticket:created"> = {
  id: "6553f1000000000000000001",
  version: 0,
  title: "Chamber music",
  price: 20,
  userId: "6553f1000000000000000002",
  status: "available",
  withdrawn: false,
};

export const app = createApp(() => {});
