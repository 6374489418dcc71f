/**
 * How long reservations last: short, as the stack is started, so that they expire in tests; or long enough for whatever
 * takes time before the payment, such as the redelivery of an event that a killed process has received, after 10 s.
 */
export const reservationSeconds = { short: 5, long: 60 };
