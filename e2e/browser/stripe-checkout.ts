import type { Page } from "playwright-core";

// A fake of https://checkout.stripe.com/checkout.js: a dialog that receives the amount, and returns a token for a card or
// is closed without one.
const scriptWith = (tokens: string[]) => `
  window.StripeCheckout = {
    configure: ({ key }) => {
      let dialog;
      const close = (options) => {
        dialog?.remove();
        dialog = undefined;
        options?.closed();
      };
      return {
        open(options) {
          const { token, opened, closed, ...shown } = options;
          dialog = document.createElement("div");
          dialog.role = "dialog";
          const words = document.createElement("p");
          words.textContent = JSON.stringify({ key, ...shown });
          dialog.append(words);
          for (const id of ${JSON.stringify(tokens)}) {
            const button = document.createElement("button");
            button.textContent = id;
            button.onclick = () => (close(options), token({ id }));
            dialog.append(button);
          }
          const frame = document.createElement("iframe");
          frame.src = "https://checkout.stripe.com/frame";
          dialog.append(frame); // logs a console error if the policy blocks Stripe's frames
          document.body.append(dialog);
          opened();
        },
        close: () => close(),
      };
    },
  };
`;

const address = "https://checkout.stripe.com/checkout.js";

const cards = ["tok_visa", "tok_chargeDeclinedInsufficientFunds"];

export async function serveCheckout(page: Page, tokens = cards): Promise<void> {
  await page.unroute(address);
  await page.route("https://checkout.stripe.com/frame", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Stripe</title>" }),
  );
  await page.route(address, (route) =>
    route.fulfill({ contentType: "text/javascript", body: scriptWith(tokens) }),
  );
}

export async function blockCheckout(page: Page): Promise<void> {
  await page.route(address, (route) => route.abort());
}

export const dialog = (page: Page) => page.getByRole("dialog");

/** The options of the open dialog. */
export async function dialogOptions(page: Page): Promise<unknown> {
  return JSON.parse((await dialog(page).locator("p").textContent()) ?? "");
}
