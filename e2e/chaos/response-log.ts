import { clock } from "@eventhive/common";
import type { Client, Credentials, Order, Payment, Ticket, User } from "../client";
import type { ApiResponse } from "../request";

export interface Reservation {
  order: Order;
  /** The price that the request named, if any. */
  shown: number | undefined;
  requestedAt: number;
  respondedAt: number;
}

/** The time that a response took, in milliseconds since 1970. */
export interface Wait {
  from: number;
  until: number;
  isPayment: boolean;
}

interface Details {
  id: string;
  title: string;
  price: number;
}

/** All responses, and the writes that successful ones acknowledged. */
export class ResponseLog {
  /**
   * One per response, such as `201`, `400 ticket-reserved`, or `none` if no response arrived. A 503 that names no time to
   * try again ends in `!`.
   */
  readonly statuses: string[] = [];
  readonly waits: Wait[] = [];
  readonly accounts: (Credentials & User)[] = [];
  readonly offers: Ticket[] = [];
  readonly withdrawn: string[] = [];
  readonly reservations: Reservation[] = [];
  readonly cancelled: string[] = [];
  readonly payments: Payment[] = [];
  /** Edits whose outcome is unknown. */
  readonly unknownEdits: Details[] = [];
  /** Accounts whose sign-in failed. */
  readonly lockedOut: string[] = [];

  async record<Body>(
    response: Promise<ApiResponse<Body>>,
    { isPayment = false } = {},
  ): Promise<ApiResponse<Body> | undefined> {
    const from = clock.now();
    const received = await response.catch(() => undefined);
    this.waits.push({ from, until: clock.now(), isPayment });
    this.statuses.push(received ? describe(received) : "none");
    return received;
  }

  async sell(client: Client, title: string, price: number): Promise<ApiResponse<Ticket> | undefined> {
    const response = await this.record(client.sell(title, price));
    if (response?.ok) this.offers.push(response.body);
    return response;
  }

  /** @param shown the price that the request names, if any */
  async order(
    client: Client,
    ticket: { id: string },
    shown?: number,
  ): Promise<ApiResponse<Order> | undefined> {
    const requestedAt = clock.now();
    const response = await this.record(client.order(ticket, shown));
    if (response?.ok)
      this.reservations.push({ order: response.body, shown, requestedAt, respondedAt: clock.now() });
    return response;
  }

  async cancel(client: Client, order: { id: string }): Promise<void> {
    const response = await this.record(client.cancel(order));
    if (response?.ok) this.cancelled.push(order.id);
  }

  /** The number of responses of each kind, such as `12 × 201, 3 × 400 ticket-reserved`. */
  tally(): string {
    const counts = new Map<string, number>();
    for (const status of this.statuses.toSorted()) counts.set(status, (counts.get(status) ?? 0) + 1);
    return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ");
  }

  summary(): string {
    const { accounts, offers, withdrawn, reservations, cancelled, payments } = this;
    return Object.entries({ accounts, offers, withdrawn, reservations, cancelled, payments })
      .map(([what, { length }]) => `${length} ${what}`)
      .join(", ");
  }
}

function describe({ status, headers, ...response }: ApiResponse<unknown>): string {
  if (response.ok) return `${status}`;
  return `${status} ${response.body.code}${status === 503 && !headers.has("retry-after") ? "!" : ""}`;
}

/** What a service that loses a store for a moment may respond: all but errors of its own, and 503 without `Retry-After`. */
export const isTemporary = (status: string): boolean => /^(2|4|503 .*[^!]$)/.test(status);

/** The request had no effect, and never will. */
export const isRejected = (response: ApiResponse<unknown> | undefined): boolean =>
  response !== undefined && response.status >= 400 && response.status < 500;
