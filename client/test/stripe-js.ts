import type {
  PaymentIntent,
  PaymentIntentResult,
  Stripe,
  StripeConstructor,
  StripeElements,
  StripeError,
  StripePaymentElement,
} from "@stripe/stripe-js";

// Stands in for https://js.stripe.com, which tests do not reach: the browser tests serve this file under its address. It
// does what the client uses of Stripe.js, with Stripe's types. Its requests and frames have Stripe's addresses, so that
// the tests cover the pages' policy, too.

const api = "https://api.stripe.com/v1";
const hooks = "https://hooks.stripe.com";

async function send<Body>(path: string, form?: Record<string, string>): Promise<Body> {
  const body = form && new URLSearchParams(form); // as Stripe.js does, without a preflight
  return (await fetch(api + path, { method: form ? "POST" : "GET", body })).json();
}

const form = document.createElement("div");
form.innerHTML = `
  <label>Card number <input name="number" inputmode="numeric" autocomplete="cc-number"></label>
  <iframe src="https://js.stripe.com/frame" title="Stripe" height="1"></iframe>`;

const paymentElement: Pick<StripePaymentElement, "destroy"> & { mount: unknown; on: unknown } = {
  mount: (place: HTMLElement) => place.append(form),
  on: (event: string, listener: () => void) =>
    event === "ready" && form.querySelector("iframe")?.addEventListener("load", listener, { once: true }),
  destroy: () => form.remove(),
};

const elements: Pick<StripeElements, "submit"> & { create: unknown } = {
  create: () => paymentElement,
  submit: async () => ({ selectedPaymentMethod: "card" }),
};

async function createConfirmationToken() {
  const answer = await send<{ id: string; error?: StripeError }>("/confirmation_tokens", {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": form.querySelector("input")?.value ?? "",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "2040",
    "payment_method_data[card][cvc]": "123",
  });
  return answer.error ? { error: answer.error } : { confirmationToken: answer };
}

/** Shows the bank's page in a dialog, until the buyer has answered or closed it. */
async function handleNextAction({ clientSecret }: { clientSecret: string }): Promise<PaymentIntentResult> {
  const [id] = clientSecret.split("_secret_");
  const dialog = document.createElement("dialog");
  dialog.ariaLabel = "3-D Secure";
  const frame = document.createElement("iframe");
  frame.src = `${hooks}/sandbox/challenges/${id}`;
  frame.title = "Your bank";
  const close = document.createElement("button");
  close.textContent = "Close";
  close.onclick = () => dialog.close();
  dialog.append(frame, close);
  document.body.append(dialog);
  const closed = new Promise((resolve) => (dialog.onclose = resolve));
  const onMessage = ({ origin }: MessageEvent) => origin === hooks && dialog.close();
  addEventListener("message", onMessage);
  dialog.showModal();
  await closed;
  removeEventListener("message", onMessage);
  dialog.remove();
  return { paymentIntent: await send<PaymentIntent>(`/payment_intents/${id}`) };
}

type Used = Pick<Stripe, "handleNextAction"> & { elements: unknown; createConfirmationToken: unknown };

const stripe: Used = {
  elements: (options: object) => {
    form.dataset.options = JSON.stringify(options);
    return elements;
  },
  createConfirmationToken,
  handleNextAction: (given: object) => {
    if (!("clientSecret" in given)) throw new Error("The stand-in takes client secrets only");
    return handleNextAction({ clientSecret: String(given.clientSecret) });
  },
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of Stripe.js that the client uses
const constructor = (() => stripe) as unknown as StripeConstructor;
window.Stripe = Object.assign(constructor, { version: "endive" });
