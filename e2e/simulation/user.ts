import { z } from "zod";
import type { Order, Ticket } from "../client";
import { type ApiRequest, type ApiResponse, cookieOf } from "../request";
import type { Snapshot } from "../snapshot";
import { type GatewayOutcome, type Operation, operations } from "./gateway";

/** A step of a user. `ticket` is an index into the tickets in the order in which they were put on sale. */
export type Action =
  | { does: "sell"; price: number }
  | { does: "edit"; ticket: number; price: number }
  | { does: "withdraw"; ticket: number }
  | { does: "order"; ticket: number }
  | { does: "cancel" }
  /** With this many requests at most, until there is an outcome; 5 by default. */
  | { does: "pay"; token: string; requests?: number }
  | { does: "pay with 3-D Secure"; outcome: Challenge }
  | { does: "pay twice" }
  | { does: "wait"; seconds: number }
  /** As an administrator. `user` is an index into the users. */
  | { does: "ban" | "unban"; user: number }
  /** The user has two devices, with a session each; the other one's may have been ended meanwhile. */
  | { does: "change device" | "sign out everywhere" | "change password" | "delete account" }
  | { does: "stop broker" | "start broker" | "cancel holds" }
  | { does: "get webhooks"; copies: number }
  | ({ does: "gateway fault" } & Partial<Record<Operation, GatewayOutcome>>);

/** Requires 3-D Secure. */
export const challengedCard = "4000002760003184";

/** What happens to the intent during 3-D Secure: events, and cards with which the browser confirms it again. */
const challengeSteps = {
  pass: ["pass-challenge"],
  fail: ["fail-challenge"],
  abandon: [],
  // The hold is canceled in the dashboard before the browser comes back.
  lapse: ["pass-challenge", "lapse"],
  "another card passes": ["fail-challenge", { card: "4242424242424242" }],
  "another card is declined": ["fail-challenge", { card: "4000000000000002" }],
  "another card requires it too": ["fail-challenge", { card: challengedCard }, "pass-challenge"],
} satisfies Record<string, (string | { card: string })[]>;
export type Challenge = keyof typeof challengeSteps;
export const challenges = Object.keys(challengeSteps) as Challenge[];

/** The interface of a user to the system. */
export interface UserContext {
  /** Undefined if the connection was lost before a response arrived. */
  send: (request: UserRequest) => Promise<ApiResponse<unknown> | undefined>;
  wait: (milliseconds: number) => Promise<void>;
  /** Decides the outcome of the next request of this operation. */
  planGatewayFault: (operation: Operation, outcome: GatewayOutcome) => void;
  /** A token of a card that requires 3-D Secure, for one payment. */
  challengedToken: () => string;
  /** What happens to an intent apart from payments. */
  happenToIntent: (intentId: string, event: string) => void;
  confirmInBrowser: (intentId: string, cardNumber: string) => void;
  cancelHolds: () => void;
  /** How often the next events of Stripe arrive. */
  planWebhooks: (copies: number) => void;
  setBroker: (isUp: boolean) => void;
  /** By the names of users who have signed in. */
  accountIds: Map<string, string>;
  ticketIds: string[];
  acknowledged: AcknowledgedWrite[];
}

export type UserRequest = ApiRequest & { user: string };

/** What a 2xx response has confirmed. It must hold from then on. */
export interface AcknowledgedWrite {
  description: string;
  holds: (snapshot: Snapshot) => boolean;
}

interface Account {
  id: string;
}

/** An account as administrators see it. */
interface ManagedUser {
  banChanges: unknown[];
}

export const nameOfUser = (index: number): string => `user ${index + 1}`;

const passwords = ["correct horse", "battery staple"] as const;

export const credentialsOf = (name: string) => ({
  email: `${name.replaceAll(" ", "-")}@example.com`,
  password: passwords[0] as string,
});

const claims = z.object({ id: z.string(), sessionEpoch: z.int().default(0) });

/** What the token in a cookie says, if there is one. */
export function claimsIn(cookie: string): z.infer<typeof claims> | undefined {
  const content = Buffer.from(cookie.replace("session=", ""), "base64").toString();
  if (!content) return undefined;
  const [, payload = ""] = String(JSON.parse(content).jwt).split(".");
  return claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
}

const transient = new Set([404, 409, 503]);

/** Performs its actions one after the other, and retries when no response arrives. */
export class User {
  private isBusy = false;
  private cookie = "";
  private cookieOfOtherDevice = "";
  /** The one that it last used: which one is right is unknown if a change of it got no response. */
  private password: string = passwords[0];
  private isBanned = false;

  constructor(
    readonly name: string,
    private readonly actions: Action[],
    private readonly context: UserContext,
  ) {}

  private get hasMore(): boolean {
    return !this.isBanned && (this.actions.length > 0 || this.cookie === "");
  }

  get isIdle(): boolean {
    return !this.isBusy && this.hasMore;
  }

  get isDone(): boolean {
    return !this.isBusy && !this.hasMore;
  }

  /** Starts the next action. */
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
        return this.pay([action.token], action.requests);
      case "pay twice":
        return this.pay(["tok_visa", "tok_mastercard"]);
      case "pay with 3-D Secure":
        return this.payWithChallenge(action.outcome);
      case "wait":
        return this.context.wait(action.seconds * 1000);
      case "ban":
        return this.changeBan(action.user, "POST", { reason: "Sells forged tickets" });
      case "unban":
        return this.changeBan(action.user, "DELETE");
      case "change device":
        [this.cookie, this.cookieOfOtherDevice] = [this.cookieOfOtherDevice, this.cookie];
        return;
      case "sign out everywhere":
        await this.endSessions("DELETE", "/api/users/sessions");
        return;
      case "change password":
        return this.changePassword();
      case "delete account":
        return this.deleteAccount();
      case "stop broker":
      case "start broker":
        return this.context.setBroker(action.does === "start broker");
      case "cancel holds":
        return this.context.cancelHolds();
      case "get webhooks":
        return this.context.planWebhooks(action.copies);
      case "gateway fault":
        for (const operation of operations) {
          const outcome = action[operation];
          if (outcome) this.context.planGatewayFault(operation, outcome);
        }
    }
  }

  private async signUp(): Promise<void> {
    const { email } = credentialsOf(this.name);
    const enter = (path: string, password = this.password) =>
      this.requestWithRetry<Account>("POST", `/api/users/${path}`, { email, password });
    let response = await enter("signup");
    if (response?.status === 400) response = await enter("signin");
    if (response?.status === 400) {
      const other = this.otherPassword();
      response = await enter("signin", other);
      if (response?.status === 200) this.password = other;
    }
    if (response?.status === 200 || response?.status === 201)
      this.context.accountIds.set(this.name, response.body.id);
    else if (response?.status === 403) this.isBanned = true;
    else await this.context.wait(1000);
  }

  private otherPassword = (): string => passwords.find((each) => each !== this.password) ?? "";

  /** @returns whether it was confirmed */
  private async endSessions(method: string, path: string, body?: object): Promise<boolean> {
    const response = await this.requestWithRetry(method, path, body);
    const session = claimsIn(this.cookie);
    if (response?.status !== 200 || !session) return false;
    const { id, sessionEpoch } = session;
    this.context.acknowledged.push({
      description: `the end of the sessions of ${id} before epoch ${sessionEpoch}`,
      holds: ({ bans }) =>
        bans?.users.some((user) => user.id === id && user.sessionEpoch >= sessionEpoch) === true,
    });
    return true;
  }

  private async changePassword(): Promise<void> {
    const newPassword = this.otherPassword();
    const body = { password: this.password, newPassword };
    if (await this.endSessions("POST", "/api/users/password", body)) this.password = newPassword;
  }

  /** Signs up again for the next action. The other device still has a session of the account that is gone. */
  private async deleteAccount(): Promise<void> {
    const id = claimsIn(this.cookie)?.id;
    const response = await this.requestWithRetry("POST", "/api/users/deletion", { password: this.password });
    if (response?.status !== 200) return;
    this.cookie = "";
    this.context.acknowledged.push({
      description: `the deletion of ${id}`,
      holds: ({ bans }) => bans?.users.some((user) => user.id === id && user.deletedAt) === true,
    });
  }

  private async sell(price: number): Promise<void> {
    const response = await this.requestWithRetry<Ticket>("POST", "/api/tickets", {
      title: "Chamber music",
      price,
    });
    if (response?.status !== 201) return;
    this.context.ticketIds.push(response.body.id);
    this.acknowledge(response.body, `a ticket for ${price}`, ({ tickets }) => tickets);
  }

  private async edit(ticket: number, price: number): Promise<void> {
    const id = await this.ticketId(ticket);
    if (!id) return;
    const response = await this.requestWithRetry<Ticket>("PUT", `/api/tickets/${id}`, {
      title: "Chamber music",
      price,
    });
    if (response?.status === 200)
      this.acknowledge(response.body, `an edit to ${price}`, ({ tickets }) => tickets);
  }

  private async withdraw(ticket: number): Promise<void> {
    const id = await this.ticketId(ticket);
    if (!id) return;
    const response = await this.requestWithRetry("DELETE", `/api/tickets/${id}`);
    if (response?.status !== 204) return;
    this.context.acknowledged.push({
      description: `the withdrawal of ${id}`,
      holds: ({ tickets }) => tickets.some((each) => each.id === id && each.withdrawn),
    });
  }

  private async order(ticket: number): Promise<void> {
    const id = await this.ticketId(ticket);
    if (!id) return;
    const response = await this.requestWithRetry<Order>("POST", "/api/orders", { ticketId: id });
    if (response?.status !== 201) return;
    const { price } = response.body.ticket;
    this.acknowledge(response.body, `an order for ${price}`, ({ orders }) =>
      orders.filter((order) => order.ticket.id === id && order.ticket.price === price),
    );
  }

  private async changeBan(user: number, method: "POST" | "DELETE", body?: object): Promise<void> {
    const { accountIds, wait, acknowledged } = this.context;
    const name = nameOfUser(user);
    for (let attempts = 0; !accountIds.has(name) && attempts < 10; attempts++) await wait(500);
    const id = accountIds.get(name);
    if (!id) return;
    const response = await this.requestWithRetry<ManagedUser>(method, `/api/users/${id}/ban`, body);
    if (response?.status !== 200) return;
    const { length } = response.body.banChanges;
    acknowledged.push({
      description: `${length} bans of ${id} and ends of them`,
      // A deletion removes them.
      holds: ({ bans }) =>
        bans?.users.some((each) => each.id === id && (each.deletedAt || each.banChanges.length >= length)) ===
        true,
    });
  }

  /** Waits for the first ticket. */
  private async ticketId(ticket: number): Promise<string | undefined> {
    const { ticketIds, wait } = this.context;
    for (let attempts = 0; ticketIds.length === 0 && attempts < 10; attempts++) await wait(500);
    return ticketIds[ticket % Math.max(1, ticketIds.length)];
  }

  private async cancel(): Promise<void> {
    const order = await this.newestOrder();
    if (!order) return;
    const response = await this.requestWithRetry("DELETE", `/api/orders/${order.id}`);
    if (response?.status === 204) this.acknowledgeStatus(order, "cancelled");
  }

  /** With all cards concurrently. */
  private async pay(tokens: string[], requests?: number): Promise<void> {
    const order = await this.newestOrder();
    if (!order) return;
    const responses = await Promise.all(
      tokens.map((token) =>
        this.requestWithRetry("POST", "/api/payments", { orderId: order.id, token }, requests),
      ),
    );
    if (responses.some((response) => response?.status === 201)) this.acknowledgeStatus(order, "complete");
  }

  private async payWithChallenge(outcome: Challenge): Promise<void> {
    const order = await this.newestOrder();
    if (!order) return;
    const body = { orderId: order.id, token: this.context.challengedToken() };
    const asked = await this.requestWithRetry<{ clientSecret?: string }>("POST", "/api/payments", body);
    const intentId = asked?.body?.clientSecret?.replace(/_secret_.*/, "");
    if (intentId)
      for (const step of challengeSteps[outcome])
        if (typeof step === "string") this.context.happenToIntent(intentId, step);
        else this.context.confirmInBrowser(intentId, step.card);
    if (outcome === "abandon") return;
    const response = await this.requestWithRetry("POST", "/api/payments", body);
    if (response?.status === 201) this.acknowledgeStatus(order, "complete");
  }

  private async newestOrder(): Promise<Order | undefined> {
    const response = await this.requestWithRetry<Order[]>("GET", "/api/orders");
    return response?.status === 200 ? response.body[0] : undefined;
  }

  /** Retries when no response arrives, or a transient one. */
  private async requestWithRetry<Body>(
    method: string,
    path: string,
    body?: object,
    maxAttempts = 5,
  ): Promise<{ status: number; body: Body } | undefined> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.context.send({ user: this.name, method, path, body, cookie: this.cookie });
      if (response) this.cookie = cookieOf(response) ?? this.cookie;
      if (response?.status === 401) this.cookie = ""; // signs in before the next action
      if ((response && !transient.has(response.status)) || attempt === maxAttempts)
        return response && { status: response.status, body: response.body as Body };
      await this.context.wait(1000);
    }
  }

  private acknowledge(
    { id, version }: { id: string; version: number },
    description: string,
    select: (snapshot: Snapshot) => { id: string; version: number }[],
  ): void {
    this.context.acknowledged.push({
      description: `${description}, ${id} at version ${version}`,
      holds: (snapshot) => select(snapshot).some((found) => found.id === id && found.version >= version),
    });
  }

  private acknowledgeStatus({ id }: Order, status: "cancelled" | "complete"): void {
    this.context.acknowledged.push({
      description: `order ${id} is ${status}`,
      holds: ({ orders }) => orders.some((order) => order.id === id && order.status === status),
    });
  }
}
