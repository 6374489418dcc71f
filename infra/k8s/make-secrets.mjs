// Creates secrets/secrets.yaml with random values, and never overwrites it: a database keeps its first password.
// STRIPE_KEY and STRIPE_PUBLISHABLE_KEY come from the environment (without them, cards go to the sandbox), and so do the bucket's
// BACKUP_ACCESS_KEY_ID and BACKUP_SECRET_ACCESS_KEY.
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("secrets/secrets.yaml", import.meta.url));
const { STRIPE_KEY = "sk_test_eventhive", STRIPE_PUBLISHABLE_KEY } = process.env;
const { BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY } = process.env;

const random = () => randomBytes(32).toString("hex"); // needs no escaping in a URL

const secrets = {
  "auth-mongo": { password: random() },
  "tickets-mongo": { password: random() },
  "orders-mongo": { password: random() },
  "payments-mongo": { password: random() },
  "expiration-redis": { password: random() },
  nats: { token: random() },
  sessions: { JWT_KEY: random() },
  stripe: { STRIPE_KEY, STRIPE_PUBLISHABLE_KEY },
  backup: { BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY },
};

if (!existsSync(file)) {
  const objects = Object.entries(secrets).map(([name, stringData]) =>
    JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData }),
  );
  writeFileSync(file, `${objects.join("\n---\n")}\n`, { mode: 0o600 }); // JSON is YAML
}
