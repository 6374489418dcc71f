import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { config } from "./config";

/** As https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html recommends, with N = 2^17. */
const blockSize = 8;
const parallelization = 1;

// Multiples of three, because the PHC string format leaves out the padding of base64.
const saltBytes = 24;
const keyBytes = 48;

interface Hash {
  N: number;
  r: number;
  p: number;
  salt: Buffer;
  key: Buffer;
}

/** Parameters that scrypt accepts, with a salt and a key of full length; anything else is not a hash of ours. */
const format =
  /^\$scrypt\$ln=([1-9]|1\d|20),r=([89]|[12]\d|3[0-2]),p=([1-9]|1[0-6])\$([A-Za-z0-9+/]{32})\$([A-Za-z0-9+/]{64})$/;

const prefix = (cost: number) => `$scrypt$ln=${Math.log2(cost)},r=${blockSize},p=${parallelization}$`;

// Callers run these in the queues of hashing-queue.ts.

/** A hash that carries its salt and parameters: `$scrypt$ln=17,r=8,p=1$SALT$KEY`. */
export async function hashPassword(password: string, cost = config.PASSWORD_COST): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, { N: cost, r: blockSize, p: parallelization, salt });
  return `${prefix(cost)}${salt.toString("base64")}$${key.toString("base64")}`;
}

/** False at the same cost, so after the same time, if there is no hash or it cannot be parsed. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const hash = parse(stored) ?? unmatched();
  return timingSafeEqual(await derive(password, hash), hash.key);
}

/** True for a hash made with other parameters than a new one would be. */
export const isOutdated = (stored: string): boolean => !stored.startsWith(prefix(config.PASSWORD_COST));

function parse(stored = ""): Hash | undefined {
  const parts = format.exec(stored);
  if (!parts) return undefined;
  const [, logN, r, p, salt = "", key = ""] = parts;
  return {
    N: 2 ** Number(logN),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, "base64"),
    key: Buffer.from(key, "base64"),
  };
}

/** A hash like any new one, but of no password. */
const unmatched = (): Hash => ({
  N: config.PASSWORD_COST,
  r: blockSize,
  p: parallelization,
  salt: randomBytes(saltBytes),
  key: randomBytes(keyBytes),
});

function derive(password: string, { N, r, p, salt }: Omit<Hash, "key">): Promise<Buffer> {
  const maxmem = 128 * r * (N + p + 2); // what OpenSSL requires; Node's default is 32 MiB
  // Keyboards differ in how they compose the same letter.
  const text = password.normalize("NFKC");
  return new Promise((resolve, reject) => {
    scrypt(text, salt, keyBytes, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
