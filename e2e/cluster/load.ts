import { bodyOf, type Client, newUser } from "../client";
import { stackFile } from "../stack";
import { steadily } from "./steadily";

const requestsPerSecond = 20;

export interface Load {
  sent: number;
  /** Descriptions of requests without the expected response. */
  failed: string[];
}

/** Sends requests to all services, 20 a second regardless of responses, until it is stopped. */
export async function startLoad(): Promise<() => Promise<Load>> {
  const seller = await newUser("seller");
  const ticket = await bodyOf(seller.sell("Under constant load", 20));
  const deck = requests(seller, ticket);
  const load: Load = { sent: 0, failed: [] };
  const stop = steadily(1000 / requestsPerSecond, async () => {
    const [name, send] = deck[load.sent++ % deck.length] ?? [];
    if (!name || !send) throw new RangeError("There are no requests");
    await send().then(
      ({ ok, status }) => void (ok || load.failed.push(`${name} returned ${status}`)),
      (error: unknown) => void load.failed.push(`${name}: ${String(error)}`),
    );
  });

  return async () => {
    await stop();
    return load;
  };
}

type Request = [name: string, send: () => Promise<{ ok: boolean; status: number }>];

function requests(seller: Client, ticket: { id: string }): Request[] {
  const page = (path: string): Request => [
    path,
    async () => {
      const response = await fetch(stackFile().url + path);
      await response.text();
      return response;
    },
  ];
  return [
    page("/"),
    ["current user", seller.currentUser],
    ["tickets", () => seller.tickets()],
    ["a ticket", () => seller.ticket(ticket)],
    ["orders", () => seller.orders()],
    ["payments", () => seller.payments()],
    ["sell", () => seller.sell("One more", 20)],
    page(`/tickets/${ticket.id}`),
    ["current user, again", seller.currentUser],
    ["payments, again", () => seller.payments()],
  ];
}
