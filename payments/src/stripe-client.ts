import StripeApi from "stripe";
import { codeOf } from "./stripe-failure";

/** The response to a buyer is due then: no request lasts longer. */
export interface WithDeadline {
  deadline?: number;
}

export interface StripeOptions {
  apiKey: string;
  /** The address of Stripe's API, such as http://127.0.0.1:1234; Stripe's own by default. */
  apiUrl?: string;
  timeoutMs: number;
}

export function stripeClient(
  { apiKey, apiUrl, timeoutMs }: StripeOptions,
  config: StripeApi.StripeConfig = {},
): StripeApi {
  return new StripeApi(apiKey, {
    ...(apiUrl ? addressOf(new URL(apiUrl)) : {}),
    timeout: timeoutMs,
    maxNetworkRetries: 0, // the caller decides; the library itself repeats once, with the same key, on a closed connection
    telemetry: false,
    ...config,
  });
}

/**
 * The library retries a request once when the connection is closed, by the code of the error. If the retry were rejected,
 * the outcome of the first request would be lost.
 */
export function sendingOnce(): StripeApi.HttpClient {
  const client = StripeApi.createNodeHttpClient();
  const send = client.makeRequest.bind(client);
  client.makeRequest = async (...request) => {
    try {
      return await send(...request);
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ECONNRESET" && code !== "EPIPE") throw error;
      throw new Error("The connection was closed", { cause: error });
    }
  };
  return client;
}

function addressOf({ hostname: host, port, protocol }: URL): StripeApi.StripeConfig {
  const isPlain = protocol === "http:";
  return { host, port: port || (isPlain ? "80" : "443"), protocol: isPlain ? "http" : "https" };
}
