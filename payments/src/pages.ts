import type StripeApi from "stripe";

// Stripe's lists, one page by one call: https://docs.stripe.com/api/pagination

/** A part of a list, newest first. */
export interface GatewayPage<Item> {
  items: Item[];
  /** The value of `after` for the next page; missing on the last one. */
  next?: string;
}

export interface PageRequest {
  since: Date;
  /** The `next` of the page before. */
  after?: string | undefined;
}

export const parametersOf = ({ since, after }: PageRequest) => ({
  created: { gte: Math.floor(since.getTime() / 1000) },
  limit: 100,
  ...(after ? { starting_after: after } : {}),
});

/** The library accepts any JSON as a response, even a proxy's 502; an empty list must be Stripe's own. */
export function checked<Item extends { id: string }>(page: StripeApi.ApiList<Item>): StripeApi.ApiList<Item> {
  if (!Array.isArray(page.data)) throw new Error("Stripe's response contains no list");
  return page;
}

export function nextOf({ data, has_more }: StripeApi.ApiList<{ id: string }>): { next?: string } {
  const last = data.at(-1);
  return has_more && last ? { next: last.id } : {};
}
