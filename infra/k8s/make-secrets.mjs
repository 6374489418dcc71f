// Creates secrets/secrets.yaml with random values, or adds what is missing in it. Values in it are never changed: a database
// keeps its first password.
// STRIPE_KEY and STRIPE_PUBLISHABLE_KEY come from the environment (without them, cards go to the sandbox), and so do the bucket's
// BACKUP_ACCESS_KEY_ID and BACKUP_SECRET_ACCESS_KEY, and the mail server's SMTP_URL.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("secrets/secrets.yaml", import.meta.url));
const { STRIPE_KEY = "sk_test_eventhive", STRIPE_PUBLISHABLE_KEY } = process.env;
const { BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY, SMTP_URL } = process.env;

const random = () => randomBytes(32).toString("hex"); // needs no escaping in a URL

const secrets = {
  "auth-mongo": { password: random(), keyfile: random() },
  "tickets-mongo": { password: random(), keyfile: random() },
  "orders-mongo": { password: random(), keyfile: random() },
  "payments-mongo": { password: random(), keyfile: random() },
  "expiration-redis": { password: random() },
  nats: { token: random() },
  "jetstream-cluster": { password: random() },
  "auth-jetstream": nkey(),
  "tickets-jetstream": nkey(),
  "orders-jetstream": nkey(),
  "payments-jetstream": nkey(),
  "expiration-jetstream": nkey(),
  "bridge-jetstream": nkey(),
  sessions: { JWT_KEY: random() },
  stripe: { STRIPE_KEY, STRIPE_PUBLISHABLE_KEY },
  backup: { BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY },
  smtp: { SMTP_URL },
};

const separator = "\n---\n";
const known = existsSync(file) ? readFileSync(file, "utf8").split(separator).map(JSON.parse) : [];
const merged = { ...Object.fromEntries(known.map(({ metadata }) => [metadata.name, {}])), ...secrets };
const objects = Object.entries(merged).map(([name, values]) => {
  const existing = known.find(({ metadata }) => metadata.name === name)?.stringData;
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: { ...values, ...existing } };
});
writeFileSync(file, `${objects.map((object) => JSON.stringify(object)).join(separator)}\n`, { mode: 0o600 }); // JSON is YAML

/** A user of NATS: the private key, for the service, and the public key, for the server. https://docs.nats.io/using-nats/nats-tools/nk */
function nkey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const bytesOf = (key, part) => Buffer.from(key.export({ format: "jwk" })[part], "base64url");
  const [user, seed] = [20 << 3, 18 << 3];
  return {
    seed: encoded([seed | (user >> 5), (user & 31) << 3, ...bytesOf(privateKey, "d")]),
    public: encoded([user, ...bytesOf(publicKey, "x")]),
  };
}

/** In base32, with a checksum (CRC-16/XMODEM). */
function encoded(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  const bits = [...bytes, crc & 0xff, crc >> 8].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const digits = bits.match(/.{1,5}/g).map((group) => Number.parseInt(group.padEnd(5, "0"), 2));
  return digits.map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]).join("");
}
