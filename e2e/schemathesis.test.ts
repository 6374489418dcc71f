import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { DocumentedResponses, type Document } from "../common/test/documented-responses";
import { definitions } from "../infra/every-service";
import { expectValid } from "../infra/expect-valid";
import { databaseUrl } from "../infra/local/environment";
import { root } from "../infra/local/program";
import { type Client, type User, bodyOf, newUser } from "./client";
import { dataFolder } from "./data-folder";
import { allDeadLetters } from "./dead-letters";
import { pythonEnvironment } from "./python-environment";
import { orderOf, ticketOnSale } from "./setup";
import { run as runCommand, serviceProcesses, stackFile } from "./stack";
import { stackViolations } from "./stack-violations";

interface Run {
  name: string;
  /** Its session is that of all requests. */
  user: Client;
  /** Of operations. */
  filter: string[];
}

const ofAdministrators = ["findUsers", "banUser", "unbanUser"];
const endingTheSession = ["endSessions"];

/** Errors that are sent without, or before, a look at the session and its role. */
const notLetThrough = new Set([
  "foreign-origin",
  "malformed",
  "method-not-allowed",
  "not-json",
  "request-timeout",
  "too-large",
  "not-signed-in",
  "banned",
  "not-admin",
  "too-many-attempts",
]);

/** Of HTTP Archive 1.2. */
interface Exchange {
  request: { method: string; url: string };
  response: { status: number; content: { text?: string } };
}

const include = (ids: string[]) => ids.flatMap((id) => ["--include-operation-id", id]);
const exclude = (ids: string[]) => ids.flatMap((id) => ["--exclude-operation-id", id]);

const folder = join(root, "infra/schemathesis");
const reports: string[] = [];
const exchanges: Exchange[] = [];
let document: Document;
let runs: Run[];
let before: object;

/** What changes when a process crashes, or cannot handle a message. */
const health = async () => ({
  processes: serviceProcesses(),
  deadLetters: await allDeadLetters(),
});

beforeAll(async () => {
  const python = await pythonEnvironment(join(folder, "requirements.txt"));
  const { url } = stackFile();
  document = (await (await fetch(`${url}/api/openapi.json`)).json()) as Document;

  const [user, admin, leaver, seller, other] = await Promise.all([
    newUser("fuzzer"),
    newUser("admin"),
    newUser("leaver"),
    newUser("seller"),
    newUser("other"),
  ]);
  await runCommand("auth", "grant-admin", (await accountOf(admin)).email);
  const order = await orderOf(user, await ticketOnSale(seller));
  const ids = {
    ORDER_ID: order.id,
    TICKET_ID: (await ticketOnSale(user)).id,
    USER_ID: (await accountOf(other)).id,
  };
  runs = [
    { name: "user", user, filter: exclude([...ofAdministrators, ...endingTheSession]) },
    { name: "administrator", user: admin, filter: include(ofAdministrators) },
    { name: "session", user: leaver, filter: include(endingTheSession) },
  ];
  before = await health();
  for (const { name, user: sender, filter } of runs) {
    const archive = join(dataFolder(), `schemathesis-${name}.json`);
    const schemathesis = promisify(execFile)(
      join(dirname(python), "schemathesis"),
      [
        "--config-file",
        join(folder, "schemathesis.toml"),
        "run",
        `${url}/api/openapi.json`,
        "--url",
        url,
        "--no-color",
        "--report-har-path",
        archive,
        ...filter,
      ],
      {
        cwd: dirname(python), // it writes reports
        env: { ...process.env, ...ids, SESSION: sender.cookie.replace("session=", "") },
        timeout: 600_000,
      },
    );
    const report = await schemathesis.then(
      () => "found nothing",
      ({ stdout, message }) => stdout || message,
    );
    reports.push(report);
    exchanges.push(...JSON.parse(readFileSync(archive, "utf8")).log.entries);
  }
}, 900_000);

async function accountOf(client: Client): Promise<User> {
  const { currentUser } = await bodyOf(client.currentUser());
  if (!currentUser) throw new Error("The client has no session");
  return currentUser;
}

it("schemathesis finds nothing with requests that it generates from the OpenAPI document", () => {
  expect(reports).toEqual(runs.map(() => "found nothing"));
});

it("schemathesis sent each operation that needs a session a request with a valid one", () => {
  const responses = new DocumentedResponses(document);
  const reached = exchanges.flatMap(({ request, response }) => {
    const [, code = ""] = /"code":"([^"]+)"/.exec(response.content.text ?? "") ?? [];
    const isLetThrough = response.status > 0 && response.status < 500 && !notLetThrough.has(code);
    return isLetThrough ? `${request.method} ${responses.templateOf(new URL(request.url).pathname)}` : [];
  });
  const needed = Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => (operation as { security: object[] }).security.length > 0)
      .map(([method]) => `${method.toUpperCase()} ${template}`),
  );
  expect(needed).toContain("POST /api/orders");
  expect(needed.filter((name) => !reached.includes(name))).toEqual([]);
});

it("the session lasts longer than each run, unless the run ends it", async () => {
  const isValid = await Promise.all(
    runs.map(async ({ user }) => Boolean((await bodyOf(user.currentUser())).currentUser)),
  );
  expect(isValid).toEqual([true, true, false]);
});

it("no process ended, no message became a dead letter, and all invariants hold", async () => {
  expect(await stackViolations()).toEqual([]);
  expect(await health()).toEqual(before);
});

it("everything that is stored is valid", async () => {
  for (const { name, store } of definitions) {
    if (!("database" in store)) continue;
    const url = databaseUrl(stackFile().servers.mongo, name);
    await store.database.openUri(url, { autoIndex: false, autoCreate: false });
    try {
      await expectValid(store.database);
    } finally {
      await store.database.close();
    }
  }
});
