import { relative } from "node:path";
import { demoAccounts } from "./demo";
import { startStack, type Stack } from "./stack";
import { table } from "./table";

/** npm forwards Ctrl-C to a program that also receives it from the terminal. Only a later one means "stop immediately". */
const repeatedSignalWindowMs = 1_000;

const testCards = [
  ["Test card", "4242 4242 4242 4242  tok_visa", "pays"],
  ["Test card", "4000 0000 0000 0002  tok_chargeDeclined", "is declined"],
];

const startedAt = performance.now();
const cancel = new AbortController();
let firstSignalAt: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopOrKill);
process.stdout.on("error", () => cancel.abort()); // the output was closed

startStack({ dev: process.argv.includes("--dev"), print, signal: cancel.signal }).then(
  (stack) => {
    print(summary(stack));
    cancel.signal.addEventListener("abort", () => void stack.stop().finally(() => process.exit(0)));
  },
  (error: Error) => {
    if (cancel.signal.aborted) process.exit(0);
    console.error(`\n${error.message}`);
    process.exit(1);
  },
);

function stopOrKill(): void {
  firstSignalAt ??= performance.now();
  if (performance.now() - firstSignalAt > repeatedSignalWindowMs) process.exit(1);
  cancel.abort();
}

function print(line: string): void {
  console.log(line);
}

function summary({ url, dataFolder, servers, processes }: Stack): string {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const isSandbox = servers.stripe.startsWith("http://127.0.0.1");
  const accounts = process.env.EVENTHIVE_DEMO === "no" ? [] : demoAccounts;
  const nearby = relative(process.cwd(), dataFolder);
  const data = nearby.startsWith("..") ? dataFolder : nearby;
  const mailbox = processes().find(({ name }) => name === "mailbox");
  const rows = [
    ["Pages", url, ""],
    ["API", `${url}/api/tickets`, "and /api/users, /api/orders, /api/payments"],
    ...accounts.map(({ email, password, does }) => ["Demo account", `${email}  ${password}`, does]),
    ...(isSandbox ? testCards : [["Cards", "real cards, through Stripe"]]),
    ...(mailbox ? [["Mailbox", mailbox.url, "shows the emails that were sent"]] : []),
    ["Data", data, "npm run reset removes it"],
    ["Logs", `${data}/logs`, "npm run logs -- orders follows some of them"],
  ];
  return ["", `EventHive is ready after ${seconds} s. Ctrl-C stops it.`, "", table(rows), ""].join("\n");
}
