import axios, { isAxiosError } from "axios";
import { z } from "zod";
import { settings } from "@/lib/settings";

const card = z.object({ number: z.string(), expiry: z.string(), cvc: z.string() });
/** The sandbox's parameters are Stripe's; the page's fields are not. */
const fieldOf: Record<string, string> = { exp_month: "expiry", exp_year: "expiry" };

/** Exchanges a test card for a token of the sandbox. With Stripe itself, card data never reaches our servers. */
export async function POST(request: Request): Promise<Response> {
  const { STRIPE_API_URL, STRIPE_PUBLISHABLE_KEY } = settings();
  if (STRIPE_PUBLISHABLE_KEY) return refusal(404, "not-found", { message: "Cards are sent only to Stripe" });
  const given = card.safeParse(await request.json().catch(() => undefined));
  if (!given.success)
    return refusal(400, "invalid-input", { message: "A card is required", field: "number" });

  const { number, expiry, cvc } = given.data;
  const [exp_month, exp_year] = expiry.split("/").map((part) => part.trim());
  const form = new URLSearchParams({
    "card[number]": number,
    "card[exp_month]": exp_month ?? "",
    "card[exp_year]": exp_year ?? "",
    "card[cvc]": cvc,
  });
  try {
    const headers = { authorization: "Bearer pk_test_eventhive" };
    const { data } = await axios.post<{ id: string }>(`${STRIPE_API_URL}/v1/tokens`, form, {
      headers,
      timeout: 3_000,
    });
    return Response.json({ id: data.id }, { status: 201 });
  } catch (error) {
    if (!isAxiosError<{ error: { message: string; param?: string } }>(error)) throw error;
    if (!error.response)
      return refusal(503, "unavailable", { message: "The card sandbox is temporarily unavailable" });
    const { message, param = "number" } = error.response.data.error;
    return refusal(400, "invalid-input", { message, field: fieldOf[param] ?? param });
  }
}

const refusal = (status: number, code: string, error: { message: string; field?: string }) =>
  Response.json({ code, errors: [error] }, { status });
