import "server-only";
import { z } from "zod";

const shape = z.object({
  AUTH_URL: z.url(),
  TICKETS_URL: z.url(),
  ORDERS_URL: z.url(),
  PAYMENTS_URL: z.url(),
  /** Where people reach EventHive. */
  PUBLIC_URL: z.url(),
  CURRENCY: z.string().length(3).default("usd"),
  /** How long a reservation lasts, to say so before the click; orders alone decides. */
  EXPIRATION_SECONDS: z.coerce.number().positive().default(60),
  /** With it, cards are paid by Stripe's own form; without, in the sandbox at STRIPE_API_URL. */
  STRIPE_PUBLISHABLE_KEY: z.string().default(""),
  STRIPE_API_URL: z.string().default(""),
});

let known: z.infer<typeof shape> | undefined;

/**
 * What the environment says at run time, so that one build serves every environment.
 * @throws naming everything that is missing or makes no sense
 */
export function settings(): z.infer<typeof shape> {
  if (known) return known;
  const { data, error } = shape
    .refine(({ STRIPE_PUBLISHABLE_KEY, STRIPE_API_URL }) => STRIPE_PUBLISHABLE_KEY || STRIPE_API_URL, {
      path: ["STRIPE_PUBLISHABLE_KEY or STRIPE_API_URL"],
      message: "is missing: without either nobody can pay",
    })
    .safeParse(process.env);
  if (error) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`The settings are not complete.\n  ${problems.join("\n  ")}`);
  }
  return (known = data);
}

/** Ends the process when they are not complete: Next would go on, and fail at every page. */
export function checkSettings(): void {
  try {
    settings();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
