import "server-only";
import { z } from "zod";
import { previewSettings } from "./poster-queue";

const shape = z.object({
  AUTH_URL: z.url(),
  TICKETS_URL: z.url(),
  ORDERS_URL: z.url(),
  PAYMENTS_URL: z.url(),
  /** The address of EventHive for its visitors. */
  PUBLIC_URL: z.url(),
  CURRENCY: z.string().length(3).default("usd"),
  /** How long a reservation lasts. For display: orders decides. */
  EXPIRATION_SECONDS: z.coerce.number().positive().default(60),
  /** With it, buyers pay through Stripe's own form; without it, through the sandbox at STRIPE_API_URL. */
  STRIPE_PUBLISHABLE_KEY: z.string().default(""),
  STRIPE_API_URL: z.string().default(""),
  /** Which of Stripe's forms: Checkout's dialog, or the Payment Element, which requires PaymentIntent payments. */
  STRIPE_FORM: z.enum(["checkout", "payment-element"]).default("checkout"),
  /** Whether auth sends email, as its own setting says. Without it, no page offers to reset a password. */
  MAIL: z.enum(["smtp", "off"]).default("off"),
  /** The largest request body; forms are far smaller. */
  MAX_BODY_BYTES: z.coerce.number().int().positive().default(16_384),
  /** How long a stop may take: longer than the slowest response, shorter than a pod's grace period. */
  SHUTDOWN_TIMEOUT_SECONDS: z.coerce.number().positive().default(25),
  /** How long a request body may take to arrive: less than a stop may take. */
  BODY_TIMEOUT_SECONDS: z.coerce.number().positive().max(20).default(10),
  ...previewSettings,
});

let known: z.infer<typeof shape> | undefined;

/**
 * Read from the environment at run time, so that one build serves every environment.
 * @throws an error that names all missing and invalid settings
 */
export function settings(): z.infer<typeof shape> {
  if (known) return known;
  const { data, error } = shape
    .refine(({ STRIPE_PUBLISHABLE_KEY, STRIPE_API_URL }) => STRIPE_PUBLISHABLE_KEY || STRIPE_API_URL, {
      path: ["STRIPE_PUBLISHABLE_KEY or STRIPE_API_URL"],
      message: "one of them is required to accept payments",
    })
    .safeParse(process.env);
  if (error) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`The settings are invalid.\n  ${problems.join("\n  ")}`);
  }
  return (known = data);
}

/** Exits when they are invalid: Next would start anyway, and fail on every page. */
export function checkSettings(): void {
  try {
    settings();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
