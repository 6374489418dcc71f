import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackFile } from "./stack-file";

/** The environment of every service, without PORT and MONGO_URL. It includes the settings of this process. */
export function sharedEnvironment(
  environment: NodeJS.ProcessEnv,
  { url, servers }: Pick<StackFile, "url" | "servers">,
  dataFolder: string,
): NodeJS.ProcessEnv {
  const found = Object.entries(environment).filter(([name]) => !name.startsWith("npm_"));
  return {
    CURRENCY: "usd",
    EXPIRATION_SECONDS: "60",
    NATS_CLUSTER_ID: "eventhive",
    PUBLIC_URL: url,
    JWT_KEY: environment.JWT_KEY ?? sessionKey(dataFolder),
    ...Object.fromEntries(found),
    LISTEN_ADDRESS: "127.0.0.1", // only the gateway uses it; nothing is reachable from the network
    ...(usesStripe(environment)
      ? {}
      : {
          STRIPE_KEY: "sk_test_eventhive",
          STRIPE_API_URL: servers.stripe,
          STRIPE_WEBHOOK_SECRET: webhookOf(url).secret,
        }),
    ...(servers.smtp && {
      MAIL: "smtp",
      SMTP_URL: servers.smtp,
      MAIL_FROM: environment.MAIL_FROM ?? "EventHive <no-reply@localhost>",
    }),
    REDIS_URL: servers.redis,
    NATS_URL: servers.nats,
  };
}

/** Where the sandbox sends its events, through the gateway, and the secret that signs them. */
export const webhookOf = (url: string) => ({
  url: `${url}/api/payments/webhook`,
  secret: "whsec_eventhive",
});

/** Real charges require both keys. Without keys, the sandbox is used. */
export function usesStripe({ STRIPE_KEY, STRIPE_PUBLISHABLE_KEY }: NodeJS.ProcessEnv): boolean {
  if (Boolean(STRIPE_KEY) !== Boolean(STRIPE_PUBLISHABLE_KEY)) {
    throw new Error(
      "Set both STRIPE_KEY and STRIPE_PUBLISHABLE_KEY to use Stripe, or neither for the card sandbox.",
    );
  }
  return Boolean(STRIPE_KEY);
}

/** Email goes to the local mailbox unless the environment has settings for it. */
export const usesMailbox = ({ MAIL, SMTP_URL }: NodeJS.ProcessEnv): boolean => !MAIL && !SMTP_URL;

/** The URL of one database of a MongoDB server. Options after the "?" are kept. */
export function databaseUrl(server: string, database: string): string {
  const [, address, options = ""] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)[^?]*(\?.*)?$/.exec(server) ?? [];
  if (!address) throw new Error(`MONGO_URL is not an address of MongoDB: ${server}`);
  return `${address}/${database}${options}`;
}

/** The key that signs sessions, created once, so that sessions survive a restart. */
function sessionKey(dataFolder: string): string {
  const file = join(dataFolder, "jwt-key");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}
