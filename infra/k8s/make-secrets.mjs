// Makes secrets/secrets.yaml with random values, once: a database keeps the password that it was born with.
// STRIPE_KEY and STRIPE_PUBLISHABLE_KEY are taken from the environment; without them, cards are for the sandbox. So are
// BACKUP_ACCESS_KEY_ID and BACKUP_SECRET_ACCESS_KEY of the bucket for backups.
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("secrets/secrets.yaml", import.meta.url));
const { STRIPE_KEY = "sk_test_eventhive", STRIPE_PUBLISHABLE_KEY } = process.env;
const { BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY } = process.env;

const random = () => randomBytes(32).toString("hex"); // fits into an address as it is

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
