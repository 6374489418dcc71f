import type { Answer, Credentials, Order, Payment, Ticket, User } from "../client";

export interface Reservation {
  order: Order;
  /** The price that the buyer insisted on. */
  shown: number | undefined;
  askedAt: number;
  answeredAt: number;
}

interface Details {
  id: string;
  title: string;
  price: number;
}

/** Every answer that anybody got, and what the good ones promised. */
export class Answers {
  /** One for each answer, such as `201`, `400 ticket-reserved`, or `none` when none came. */
  readonly statuses: string[] = [];
  readonly accounts: (Credentials & User)[] = [];
  readonly offers: Ticket[] = [];
  readonly withdrawn: string[] = [];
  readonly reservations: Reservation[] = [];
  readonly cancelled: string[] = [];
  readonly payments: Payment[] = [];
  /** Edits of which nobody knows whether they happened. */
  readonly unknownEdits: Details[] = [];
  /** Good accounts that were refused. */
  readonly lockedOut: string[] = [];

  async note<Body>(answer: Promise<Answer<Body>>): Promise<Answer<Body> | undefined> {
    const given = await answer.catch(() => undefined);
    this.statuses.push(
      given ? (given.ok ? `${given.status}` : `${given.status} ${given.body.code}`) : "none",
    );
    return given;
  }

  promises(): string {
    const { accounts, offers, withdrawn, reservations, cancelled, payments } = this;
    return Object.entries({ accounts, offers, withdrawn, reservations, cancelled, payments })
      .map(([what, { length }]) => `${length} ${what}`)
      .join(", ");
  }
}

/** What was asked for has not happened, and will not. */
export const isRefused = (answer: Answer<unknown> | undefined): boolean =>
  answer !== undefined && answer.status >= 400 && answer.status < 500;
