import axios, { isAxiosError } from "axios";
import { z } from "zod";
import { settings } from "@/lib/settings";

const answer = z.object({
  clientSecret: z.string().regex(/^pi_\w+_secret_\w+$/),
  event: z.enum(["pass-challenge", "fail-challenge"]),
});

/** The buyer's answer to the sandbox's 3-D Secure. With Stripe itself, the buyer's bank asks. */
export async function POST(request: Request): Promise<Response> {
  const { STRIPE_API_URL, STRIPE_PUBLISHABLE_KEY } = settings();
  if (STRIPE_PUBLISHABLE_KEY) return refusal(404, "not-found", "3-D Secure takes place only at Stripe");
  const given = answer.safeParse(await request.json().catch(() => undefined));
  if (!given.success) return refusal(400, "invalid-input", "A client secret and an answer are required");

  const { clientSecret, event } = given.data;
  const [intentId] = clientSecret.split("_secret_");
  try {
    await axios.post(`${STRIPE_API_URL}/sandbox/intents/${intentId}`, { event }, { timeout: 3_000 });
    return new Response(null, { status: 204 });
  } catch (error) {
    if (!isAxiosError(error)) throw error;
    if (!error.response) return refusal(503, "unavailable", "The card sandbox is temporarily unavailable");
    return refusal(400, "invalid-input", "This payment is no longer waiting for 3-D Secure");
  }
}

const refusal = (status: number, code: string, message: string) =>
  Response.json({ code, errors: [{ message }] }, { status });
