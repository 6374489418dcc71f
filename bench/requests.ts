import { type Sample, type Sent, interleave, load } from "./load";
import { cpuDuring, sumOf, untilIdle } from "./machine";
import type { Bench, Part } from "./part";
import { type Row, ratioRow } from "./report";
import { seedTickets } from "./seed";
import { type User, roundRobin } from "./sign-up";

/** A request to EventHive, and the one to the bare server that does the same work. */
export interface Pair {
  what: string;
  eventhive: () => Sent | undefined;
  bare: () => Sent | undefined;
  /** For the ratio of their rates. */
  aim: string;
}

export const requests: Part = async (bench) => {
  const { rounds, seconds } = bench.size;
  const pairs = [list, show(bench), currentUser(bench), create(bench)];
  const rows: Row[] = [];
  for (const pair of [...pairs, await order(bench, 1_500 * seconds * (rounds + 1))]) {
    await measurePair(bench, pair, { rounds: 1 }); // warm
    rows.push(await compare(bench, pair));
  }
  return { "Through the gateway, 16 connections": rows };
};

export async function compare(bench: Bench, pair: Pair, options = {}): Promise<Row> {
  const [eventhive, bare] = await measurePair(bench, pair, options);
  return ratioRow(pair.what, eventhive, bare, pair.aim);
}

export async function measurePair(
  { url, bareUrl, size }: Bench,
  { eventhive, bare }: Pair,
  { rounds = size.rounds, connections = 16 } = {},
): Promise<[eventhive: Sample, bare: Sample]> {
  const options = { connections, seconds: size.seconds };
  return interleave(
    rounds,
    () => withCpu(() => load(url, eventhive, options)),
    () => withCpu(() => load(bareUrl, bare, options)),
  );
}

/** With the CPU time of what follows from the requests, such as events. */
async function withCpu(run: () => Promise<Sample>): Promise<Sample> {
  let sample: Sample = { times: [], elapsedMs: 0 };
  const { cpu } = await cpuDuring(async () => {
    sample = await run();
    await untilIdle();
  });
  return { ...sample, cpuMs: sumOf(cpu) };
}

export const list: Pair = {
  what: "list (50 tickets)",
  eventhive: () => ({ path: "/api/tickets" }),
  bare: () => ({ path: "/list" }),
  aim: "≥ 0.60",
};

export const show = ({ ticketId }: Bench): Pair => ({
  what: "one ticket",
  eventhive: () => ({ path: `/api/tickets/${ticketId}` }),
  bare: () => ({ path: `/show/${ticketId}` }),
  aim: "≥ 0.78",
});

export const currentUser = ({ users }: Bench): Pair => ({
  what: "current user",
  eventhive: () => ({ path: "/api/users/currentuser", cookie: users[0]?.cookie }),
  bare: () => ({ path: "/user" }),
  aim: "≥ 0.50",
});

/** The bare server publishes, pulls and writes the replica too. */
export function create({ users }: Bench): Pair {
  const next = roundRobin(users);
  return {
    what: "create ticket",
    eventhive: () => createBy(next()),
    bare: () => ({ path: "/publish", method: "POST" }),
    aim: "≥ 0.80",
  };
}

/** Each order needs a ticket of its own. */
export async function order({ users }: Bench, max: number): Promise<Pair> {
  const next = roundRobin(users);
  const [forEventHive, forBare] = [await seedTickets(max), await seedTickets(max)];
  return {
    what: "order",
    eventhive: eachOf(forEventHive, (id) => orderBy(next(), id)),
    bare: eachOf(forBare, (id) => ({ path: `/order/${id}`, method: "POST" })),
    aim: "≥ 0.50",
  };
}

export const createBy = ({ cookie }: User, title = "Benchmark at the Blue Note"): Sent => ({
  path: "/api/tickets",
  method: "POST",
  cookie,
  body: { title, price: 20 },
});

export const orderBy = ({ cookie }: User, ticketId: string): Sent => ({
  path: "/api/orders",
  method: "POST",
  cookie,
  body: { ticketId },
});

export const payBy = (buyer: User | undefined, orderId: string): Sent => ({
  path: "/api/payments",
  method: "POST",
  cookie: buyer?.cookie,
  body: { orderId, token: "tok_visa" },
});

/** A request for each item, and no more. */
export function eachOf<Item>(items: Item[], toSent: (item: Item) => Sent): () => Sent | undefined {
  const left = [...items];
  return () => {
    const item = left.pop();
    return item === undefined ? undefined : toSent(item);
  };
}
