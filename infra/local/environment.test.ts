import { statSync } from "node:fs";
import { join } from "node:path";
import { clientEnvironment } from "./client";
import { databaseUrl, sharedEnvironment, usesMailbox } from "./environment";
import type { StackFile } from "./stack-file";
import { temporaryFolder } from "../jest/temporary-folder";

const url = "http://localhost:3000";
const servers = { mongo: "", redis: "redis://r", nats: "nats://n", stripe: "http://sandbox" };

it.each([
  ["mongodb://127.0.0.1:27017", "mongodb://127.0.0.1:27017/orders"],
  ["mongodb://user:word@a:1,b:2/?replicaSet=rs", "mongodb://user:word@a:1,b:2/orders?replicaSet=rs"],
  ["mongodb+srv://cluster.example/other", "mongodb+srv://cluster.example/orders"],
])("gives each service its own database on %s", (server, expected) => {
  expect(databaseUrl(server, "orders")).toBe(expected);
});

it("passes settings of the environment on to the services, except npm's own", () => {
  const environment = environmentFor({
    MAX_RESERVATIONS: "3",
    EXPIRATION_SECONDS: "5",
    npm_config_cache: "x",
  });
  expect(environment).toMatchObject({ MAX_RESERVATIONS: "3", EXPIRATION_SECONDS: "5", PUBLIC_URL: url });
  expect(environment.npm_config_cache).toBeUndefined();
});

it("creates the session key once, readable by its owner only", () => {
  const dataFolder = temporaryFolder("environment");
  const { JWT_KEY } = environmentFor({}, dataFolder);
  expect(JWT_KEY).toMatch(/^[\da-f]{64}$/);
  expect(environmentFor({}, dataFolder).JWT_KEY).toBe(JWT_KEY);
  expect(statSync(join(dataFolder, "jwt-key")).mode & 0o777).toBe(0o600);
});

it("keeps secrets, and the addresses of stores, from the client", () => {
  const stores = ["MONGO_URL", "REDIS_URL", "NATS_URL"];
  const keys = ["SMTP_URL", "JWT_KEY", "JWT_PREVIOUS_KEY", "STRIPE_KEY"];
  const secrets = [...stores, ...keys, "STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET_PREVIOUS"];
  const shared = Object.fromEntries([...secrets, "MAIL"].map((name) => [name, "secret"]));
  const environment = clientEnvironment(shared, url, false);
  expect(environment.MAIL).toBe("secret");
  expect(secrets.filter((name) => environment[name] !== undefined)).toEqual([]);
});

it("uses the sandbox unless both Stripe keys are set", () => {
  expect(environmentFor({})).toMatchObject({ STRIPE_API_URL: "http://sandbox" });
  const both = { STRIPE_KEY: "sk_live_1", STRIPE_PUBLISHABLE_KEY: "pk_live_1" };
  expect(environmentFor(both)).toMatchObject(both);
  expect(environmentFor(both).STRIPE_API_URL).toBeUndefined();
  expect(() => environmentFor({ STRIPE_KEY: "sk_live_1" })).toThrow(
    "both STRIPE_KEY and STRIPE_PUBLISHABLE_KEY",
  );
});

it.each([
  ["without settings", {}, true],
  ["with an SMTP server, which needs MAIL, too", { SMTP_URL: "smtp://m" }, false],
  ["with MAIL=off", { MAIL: "off" }, false],
])("uses the mailbox, %s: %p → %p", (_, found, isUsed) => {
  expect(usesMailbox(found)).toBe(isUsed);
});

it("sends email to the mailbox that runs", () => {
  const smtp = "smtp://127.0.0.1:2525";
  expect(environmentFor({}, undefined, { ...servers, smtp })).toMatchObject({ MAIL: "smtp", SMTP_URL: smtp });
  expect(environmentFor({ MAIL: "off" })).not.toHaveProperty("SMTP_URL");
});

function environmentFor(
  found: NodeJS.ProcessEnv,
  dataFolder = temporaryFolder("environment"),
  running: StackFile["servers"] = servers,
) {
  return sharedEnvironment(found, { url, servers: running }, dataFolder);
}
