/** Decline codes, see https://docs.stripe.com/declines/codes */
export interface Decline {
  code: string;
  decline_code: string;
  message: string;
}

export interface Card {
  number: string;
  brand: string;
  /** Represents the card without its number. Unlike a created token, it can be used any number of times. */
  token?: string;
  decline?: Decline;
  /** The buyer has to pass 3-D Secure first; a charge without an intent cannot ask for that. */
  isChallenged?: boolean;
}

const declined = (decline_code: string, message = "Your card was declined."): Decline => ({
  code: "card_declined",
  decline_code,
  message,
});

const refused = (code: string, message: string): Decline => ({ code, decline_code: code, message });

/** The relevant cards of https://docs.stripe.com/testing. A token can be created for each of them. */
const cards: Card[] = [
  { number: "4242424242424242", brand: "Visa", token: "tok_visa" },
  { number: "5555555555554444", brand: "MasterCard", token: "tok_mastercard" },
  { number: "378282246310005", brand: "American Express", token: "tok_amex" },
  {
    number: "4000000000000002",
    brand: "Visa",
    token: "tok_chargeDeclined",
    decline: declined("generic_decline"),
  },
  {
    number: "4000000000009995",
    brand: "Visa",
    token: "tok_chargeDeclinedInsufficientFunds",
    decline: declined("insufficient_funds", "Your card has insufficient funds."),
  },
  {
    number: "4100000000000019",
    brand: "Visa",
    token: "tok_chargeDeclinedFraudulent",
    decline: declined("fraudulent"),
  },
  {
    number: "4000000000000069",
    brand: "Visa",
    token: "tok_chargeDeclinedExpiredCard",
    decline: refused("expired_card", "Your card has expired."),
  },
  {
    number: "4000000000000127",
    brand: "Visa",
    token: "tok_chargeDeclinedIncorrectCvc",
    decline: refused("incorrect_cvc", "Your card's security code is incorrect."),
  },
  {
    number: "4000000000000119",
    brand: "Visa",
    token: "tok_chargeDeclinedProcessingError",
    decline: refused(
      "processing_error",
      "An error occurred while processing your card. Try again in a little bit.",
    ),
  },
  { number: "4000002760003184", brand: "Visa", isChallenged: true },
  {
    number: "4000008400001629",
    brand: "Visa",
    isChallenged: true,
    decline: declined("generic_decline"),
  },
];

export const authenticationRequired = declined(
  "authentication_required",
  "Your card was declined. This transaction requires authentication.",
);

export const cardByNumber = (number: string): Card | undefined =>
  cards.find((card) => card.number === number.replaceAll(/[ -]/g, ""));

export const cardByToken = (token: string): Card | undefined => cards.find((card) => card.token === token);
