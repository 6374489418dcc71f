import { isRejection } from "./payment-errors";

it.each(["payment-declined", "too-many-cards", "order-expired", "banned", "foreign-origin"])(
  "%s rejects a card",
  (code) => {
    expect(isRejection(code)).toBe(true);
  },
);

it.each(["payment-pending", "unavailable", "unreachable", "changed", "constructor"])(
  "%s leaves open whether the card is charged",
  (code) => {
    expect(isRejection(code)).toBe(false);
  },
);
