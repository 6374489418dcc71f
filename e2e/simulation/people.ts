import type { Order, Ticket } from "../client";
import type { Snapshot } from "../world";
import type { Fate, Operation } from "./gateway";

/** What somebody does next; whatever is done to "ticket 2" is done to the second one that was put on sale. */
export type Action =
  | { does: "sell"; price: number }
  | { does: "edit"; ticket: number; price: number }
  | { does: "withdraw"; ticket: number }
  | { does: "order"; ticket: number }
  | { does: "cancel" }
  | { does: "pay"; token: string }
  | { does: "pay twice" }
  | { does: "wait"; seconds: number }
  | { does: "trouble"; charge?: Fate; refund?: Fate };

export interface Answer {
  status: number;
  body: unknown;
  cookie?: string;
}

/** How people reach the marketplace. */
export interface Marketplace {
  /** Nothing when the connection was lost before an answer came. */
  ask: (request: Request) => Promise<Answer | undefined>;
  wait: (milliseconds: number) => Promise<void>;
  /** Decides about the next request to charge a card, or to refund it. */
  trouble: (operation: Operation, fate: Fate) => void;
  /** Ids of the tickets that were put on sale. */
  tickets: string[];
  promises: Promised[];
}

interface Request {
  who: string;
  method: string;
  path: string;
  body?: object;
  cookie: string;
}

/** What an answer with 2xx has said; it must be true ever after. */
export interface Promised {
  words: string;
  isKept: (snapshot: Snapshot) => boolean;
}

const notNow = new Set([404, 409, 503]);

/** Somebody in front of a browser, who does one thing after the other and tries again when no answer comes. */
export class Person {
  private isBusy = false;
  private cookie = "";

  constructor(
    readonly name: string,
    private readonly actions: Action[],
    private readonly marketplace: Marketplace,
  ) {}

  private get hasMore(): boolean {
    return this.actions.length > 0 || this.cookie === "";
  }

  get isIdle(): boolean {
    return !this.isBusy && this.hasMore;
  }

  get isDone(): boolean {
    return !this.isBusy && !this.hasMore;
  }

  /** Begins what comes next. */
  act(): void {
    this.isBusy = true;
    const action = this.cookie ? this.actions.shift() : undefined;
    const done = action ? this.do(action) : this.signUp();
    void done.finally(() => (this.isBusy = false));
  }

  private async do(action: Action): Promise<void> {
    switch (action.does) {
      case "sell":
        return this.sell(action.price);
      case "edit":
        return this.edit(action.ticket, action.price);
      case "withdraw":
        return this.withdraw(action.ticket);
      case "order":
        return this.order(action.ticket);
      case "cancel":
        return this.cancel();
      case "pay":
        return this.pay([action.token]);
      case "pay twice":
        return this.pay(["tok_visa", "tok_mastercard"]);
      case "wait":
        return this.marketplace.wait(action.seconds * 1000);
      case "trouble":
        if (action.charge) this.marketplace.trouble("charge", action.charge);
        if (action.refund) this.marketplace.trouble("refund", action.refund);
    }
  }

  private async signUp(): Promise<void> {
    const email = `${this.name.replaceAll(" ", "-")}@example.com`;
    const credentials = { email, password: "correct horse" };
    const answer = await this.insist("POST", "/api/users/signup", credentials);
    if (answer?.status !== 201) await this.insist("POST", "/api/users/signin", credentials);
  }

  private async sell(price: number): Promise<void> {
    const answer = await this.insist<Ticket>("POST", "/api/tickets", { title: "Chamber music", price });
    if (answer?.status !== 201) return;
    this.marketplace.tickets.push(answer.body.id);
    this.promise(answer.body, `a ticket for ${price}`, ({ tickets }) => tickets);
  }

  private async edit(ticket: number, price: number): Promise<void> {
    const id = await this.find(ticket);
    if (!id) return;
    const answer = await this.insist<Ticket>("PUT", `/api/tickets/${id}`, { title: "Chamber music", price });
    if (answer?.status === 200) this.promise(answer.body, `an edit to ${price}`, ({ tickets }) => tickets);
  }

  private async withdraw(ticket: number): Promise<void> {
    const id = await this.find(ticket);
    if (!id) return;
    const answer = await this.insist("DELETE", `/api/tickets/${id}`);
    if (answer?.status !== 204) return;
    this.marketplace.promises.push({
      words: `the withdrawal of ${id}`,
      isKept: ({ tickets }) => tickets.some((each) => each.id === id && each.withdrawn),
    });
  }

  private async order(ticket: number): Promise<void> {
    const id = await this.find(ticket);
    if (!id) return;
    const answer = await this.insist<Order>("POST", "/api/orders", { ticketId: id });
    if (answer?.status !== 201) return;
    const { price } = answer.body.ticket;
    this.promise(answer.body, `an order for ${price}`, ({ orders }) =>
      orders.filter((order) => order.ticket.id === id && order.ticket.price === price),
    );
  }

  /** The id of a ticket, once there is one. */
  private async find(ticket: number): Promise<string | undefined> {
    const { tickets, wait } = this.marketplace;
    for (let looks = 0; tickets.length === 0 && looks < 10; looks++) await wait(500);
    return tickets[ticket % Math.max(1, tickets.length)];
  }

  private async cancel(): Promise<void> {
    const order = await this.newestOrder();
    if (!order) return;
    const answer = await this.insist("DELETE", `/api/orders/${order.id}`);
    if (answer?.status === 204) this.promiseStatus(order, "cancelled");
  }

  /** With each card at once, in a tab of its own. */
  private async pay(tokens: string[]): Promise<void> {
    const order = await this.newestOrder();
    if (!order) return;
    const answers = await Promise.all(
      tokens.map((token) => this.insist("POST", "/api/payments", { orderId: order.id, token })),
    );
    if (answers.some((answer) => answer?.status === 201)) this.promiseStatus(order, "complete");
  }

  private async newestOrder(): Promise<Order | undefined> {
    const answer = await this.insist<Order[]>("GET", "/api/orders");
    return answer?.status === 200 ? answer.body[0] : undefined;
  }

  /** Asks again when no answer came, or one that may change by itself. */
  private async insist<Body>(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Body } | undefined> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.marketplace.ask({ who: this.name, method, path, body, cookie: this.cookie });
      if (answer?.cookie) this.cookie = answer.cookie;
      if ((answer && !notNow.has(answer.status)) || attempt === 5)
        return answer && { status: answer.status, body: answer.body as Body };
      await this.marketplace.wait(1000);
    }
  }

  private promise(
    { id, version }: { id: string; version: number },
    words: string,
    among: (snapshot: Snapshot) => { id: string; version: number }[],
  ): void {
    this.marketplace.promises.push({
      words: `${words}, ${id} at version ${version}`,
      isKept: (snapshot) => among(snapshot).some((kept) => kept.id === id && kept.version >= version),
    });
  }

  private promiseStatus({ id }: Order, status: "cancelled" | "complete"): void {
    this.marketplace.promises.push({
      words: `order ${id} is ${status}`,
      isKept: ({ orders }) => orders.some((order) => order.id === id && order.status === status),
    });
  }
}
