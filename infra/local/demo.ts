import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "./execute";

const demoPassword = "tickets-please";

export const demoAccounts = [
  { email: "sam@example.com", password: demoPassword, does: "sells" },
  { email: "bea@example.com", password: demoPassword, does: "buys" },
];

export const demoTickets = [
  { title: "Jazz at the Boathouse, table for two", price: 48 },
  { title: "Hamlet, stalls row F", price: 36.5 },
  { title: "Beekeeping for beginners, Saturday course", price: 25 },
  { title: "City marathon, race entry", price: 79.99 },
  { title: "Symphony No. 9, balcony", price: 62 },
  { title: "Night train to the northern lights, sleeper", price: 149 },
  { title: "Open-air cinema: Metropolis", price: 12 },
  { title: "Cup final, north stand", price: 95 },
];

/** On the first run, creates two users and the demo tickets through the public API. */
export async function loadDemo(
  url: string,
  dataFolder: string,
  print: (line: string) => void,
): Promise<void> {
  const done = join(dataFolder, "demo-loaded");
  if (existsSync(done)) return;
  print("Loading the demo accounts and tickets…");
  try {
    const [seller = ""] = await Promise.all(demoAccounts.map((account) => signIn(url, account)));
    const listed = await (await call(url, "GET", "/api/tickets?mine=true", seller)).text();
    for (const ticket of demoTickets) {
      if (!listed.includes(ticket.title)) await call(url, "POST", "/api/tickets", seller, ticket);
    }
    writeFileSync(done, "");
  } catch (error) {
    print(`The demo data is incomplete. The next start will load the rest: ${reasonOf(error)}`);
  }
}

/** The session cookie of the account, which is created unless it exists. */
async function signIn(
  url: string,
  { email, password }: { email: string; password: string },
): Promise<string> {
  const account = { email, password };
  const response = await call(url, "POST", "/api/users/signup", "", account).catch(() =>
    call(url, "POST", "/api/users/signin", "", account),
  );
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}

async function call(
  url: string,
  method: string,
  path: string,
  cookie: string,
  body?: object,
): Promise<Response> {
  const headers = { cookie, "content-type": "application/json" };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok)
    throw new Error(`${method} ${path} responded with ${response.status} ${await response.text()}`);
  return response;
}
