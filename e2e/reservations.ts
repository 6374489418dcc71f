import { restartWith } from "./stack";

/**
 * How long reservations last: short, as the stack is started, so that they expire in tests; or long enough for whatever
 * takes time before the payment, such as the redelivery of an event that a killed process has received, after 10 s.
 */
export const reservationSeconds = { short: 5, long: 60 };

/** How long reservations last from now on, where there are two processes of orders. */
export async function setReservations(seconds: number): Promise<void> {
  const names = ["orders-1", "orders-2"];
  await Promise.all(names.map((name) => restartWith(name, { EXPIRATION_SECONDS: String(seconds) })));
}
