import { config } from "./config";

const { CURRENCY, STRIPE_KEY } = process.env;

afterEach(() => Object.assign(process.env, { CURRENCY: CURRENCY ?? "", STRIPE_KEY: STRIPE_KEY ?? "" }));

it.each([
  ["jpy", "CURRENCY jpy has 0 decimals"],
  ["doubloons", "CURRENCY doubloons is not a currency"],
])("refuses to charge in %s", (currency, problem) => {
  process.env.CURRENCY = currency;
  expect(() => config.CURRENCY).toThrow(problem);
});

it("accepts any other currency", () => {
  process.env.CURRENCY = "EUR";
  expect(config.CURRENCY).toBe("eur");
});

it("does not start without a key for Stripe", () => {
  process.env.STRIPE_KEY = "";
  expect(() => config.STRIPE_KEY).toThrow("STRIPE_KEY is missing");
});
