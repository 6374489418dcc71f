import { seconds } from "@eventhive/common";
import { config } from "./config";
import { type PaymentGateway, stripeGateway } from "./payment-gateway";

/** After this long the gateway is not waited for any more; what it did is unknown then. */
export const gatewayTimeout = (): number => seconds(config.STRIPE_TIMEOUT_SECONDS);

/** After this long without a charge, an attempt that was not answered is taken for one that will not charge. */
export const chargeOutcomeTimeout = (): number => seconds(config.CHARGE_OUTCOME_TIMEOUT);

let connection: PaymentGateway | undefined;

/** The gateway of this process, made when it is first needed: the settings have been checked by then. */
export const gateway = (): PaymentGateway =>
  (connection ??= stripeGateway({
    apiKey: config.STRIPE_KEY,
    apiUrl: config.STRIPE_API_URL,
    timeoutMs: gatewayTimeout(),
  }));
