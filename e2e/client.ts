import { randomUUID } from "node:crypto";
import type { AnyPaymentState, EventData } from "@eventhive/common";
import { type ApiResponse, cookieOf, request } from "./request";
import { card, stackFile } from "./stack";

export type Ticket = EventData<"ticket:created"> & { createdAt: string };
export type Order = EventData<"order:created"> & { createdAt: string };
export interface Payment {
  id: string;
  orderId: string;
  stripeId: string;
  amount: number;
  currency: string;
  state: AnyPaymentState;
  intentId?: string;
  clientSecret?: string;
  amountRefunded?: number;
  disputedAt?: string;
}
export interface User {
  id: string;
  email: string;
}
export interface Credentials {
  email: string;
  password: string;
}

/** The body of a response that must be successful. */
export async function bodyOf<Body>(response: Promise<ApiResponse<Body>>): Promise<Body> {
  const { ok, status, body } = await response;
  if (!ok) throw new Error(`The response was ${status} ${JSON.stringify(body)}`);
  return body;
}

interface Thing {
  id: string;
}

/** The API as a browser uses it: with a session cookie, over keep-alive connections. */
export class Client {
  constructor(
    private readonly url = stackFile().url,
    public cookie = "",
  ) {}

  signUp = (credentials: Credentials) => this.send<User>("POST", "/api/users/signup", credentials);
  signIn = (credentials: Credentials) => this.send<User>("POST", "/api/users/signin", credentials);
  signOut = () => this.send<object>("POST", "/api/users/signout");
  verification = () => this.send<{ emailVerified: boolean }>("GET", "/api/users/verification");
  currentUser = () => this.send<{ currentUser: User | null }>("GET", "/api/users/currentuser");

  tickets = (query = "") => this.send<Ticket[]>("GET", `/api/tickets${query}`);
  ticket = ({ id }: Thing) => this.send<Ticket>("GET", `/api/tickets/${id}`);
  sell = (title: string, price: number) => this.send<Ticket>("POST", "/api/tickets", { title, price });
  edit = ({ id }: Thing, { title, price }: { title: string; price: number }) =>
    this.send<Ticket>("PUT", `/api/tickets/${id}`, { title, price });
  withdraw = ({ id }: Thing) => this.send<undefined>("DELETE", `/api/tickets/${id}`);

  orders = (query = "") => this.send<Order[]>("GET", `/api/orders${query}`);
  showOrder = ({ id }: Thing) => this.send<Order>("GET", `/api/orders/${id}`);
  /** `price` is what the buyer was shown. */
  order = ({ id }: Thing, price?: number) => this.send<Order>("POST", "/api/orders", { ticketId: id, price });
  cancel = ({ id }: Thing) => this.send<undefined>("DELETE", `/api/orders/${id}`);

  payments = (query = "") => this.send<Payment[]>("GET", `/api/payments${query}`);
  /** With a valid test card, unless a token is given. */
  pay = async ({ id }: Thing, token?: string) =>
    this.send<Payment>("POST", "/api/payments", { orderId: id, token: token ?? (await card()) });

  async send<Body>(method: string, path: string, body?: object): Promise<ApiResponse<Body>> {
    const response = await request<Body>(this.url, { method, path, body, cookie: this.cookie });
    this.cookie = cookieOf(response) ?? this.cookie;
    return response;
  }
}

export const password = "correct horse";

export interface Account extends User {
  client: Client;
}

/** A new user, signed up, with ID and email. */
export async function newAccount(name: string): Promise<Account> {
  const client = new Client();
  const user = await bodyOf(client.signUp({ email: `${name}-${randomUUID()}@example.com`, password }));
  return { ...user, client };
}

/** A new user, signed up. */
export const newUser = async (name = "someone"): Promise<Client> => (await newAccount(name)).client;
