import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, get } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { serviceNames } from "../infra/services";
import { bodyOf, newUser } from "./client";
import type { ApiResponse } from "./request";
import { eventually } from "../common/src/testing/eventually";
import { replicated, ticketOnSale } from "./setup";
import { processNamed, restarted, serviceProcesses, signal, start, stop } from "./stack";
import { stackViolations } from "./stack-violations";

const clients = 10;
const pauseMs = 200;

it("fails no request while one of the two processes of each service gets SIGTERM", async () => {
  const statuses: number[] = [];
  let isOver = false;
  const use = async () => {
    const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
    const send = async <Body>(request: Promise<ApiResponse<Body>>) => {
      const response = await request; // a connection error fails the test
      statuses.push(response.status);
      await wait(pauseMs);
      return bodyOf(Promise.resolve(response));
    };
    while (!isOver) {
      const ticket = await send(seller.sell("Sold meanwhile", 20));
      await replicated("orders", "tickets", ticket);
      await send(buyer.tickets());
      await send(buyer.currentUser());
      const order = await send(buyer.order(ticket));
      await send(buyer.cancel(order));
      await send(buyer.payments());
      await send(buyer.send("GET", "/")); // a page
    }
  };
  const using = Promise.all(Array.from({ length: clients }, use));
  const responded = (count: number) => eventually(() => expect(statuses.length).toBeGreaterThan(count));
  await responded(100);

  const stopped = serviceProcesses().filter(({ name }) => name.endsWith("-1"));
  for (const { name } of stopped) signal(name, "SIGTERM");
  await Promise.all(stopped.map(({ name, pid }) => restarted(name, pid)));
  await responded(statuses.length + 100);
  isOver = true;
  await using;

  expect(statuses.filter((status) => status >= 400)).toEqual([]);
  for (const { name, restarts } of stopped)
    expect(processNamed(name)).toMatchObject({ restarts: restarts + 1, lastExit: "exit 0" });
  expect(await stackViolations()).toEqual([]);
});

it("stops every process in time, even while clients keep their connections busy", async () => {
  const stopped = [...serviceNames, "client"].map((name) => processNamed(`${name}-1`));
  stopped.push(processNamed("stripe"));
  let isOver = false;
  const agents = stopped.map(() => new Agent({ keepAlive: true }));
  const silent = stopped.map(({ url }) => connect(Number(new URL(url).port), "127.0.0.1"));
  for (const socket of silent) socket.on("error", () => undefined);
  const unfinished = connect(Number(new URL(processNamed("client-1").url).port), "127.0.0.1");
  unfinished.on("error", () => undefined);
  unfinished.write("POST /auth/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
  const responses = new Map(stopped.map(({ name }) => [name, 0]));
  const callers = stopped.flatMap(({ name, url }, index) =>
    Array.from({ length: 5 }, async () => {
      while (!isOver) {
        const response = await responseOf(
          get(url + (name === "client-1" ? "/" : "/livez"), { agent: agents[index] }),
        );
        if (response) responses.set(name, (responses.get(name) ?? 0) + 1);
        else await wait(pauseMs);
      }
    }),
  );
  await eventually(() => expect(Math.min(...responses.values())).toBeGreaterThan(20));

  for (const { name } of stopped) signal(name, "SIGTERM");
  await Promise.all(stopped.map(({ name, pid }) => restarted(name, pid)));
  isOver = true;
  await Promise.all(callers);
  for (const agent of agents) agent.destroy();
  for (const socket of [...silent, unfinished]) socket.destroy();
  for (const { name } of stopped) expect(processNamed(name).lastExit).toBe("exit 0");
});

/** Undefined when the connection is refused or breaks, as happens when a process stops. */
async function responseOf(request: ClientRequest): Promise<IncomingMessage | undefined> {
  try {
    const [response]: IncomingMessage[] = await once(request, "response");
    response?.resume();
    if (response) await once(response, "end");
    return response;
  } catch {
    return undefined;
  }
}

it("resumes from its last position when both processes of a service restart", async () => {
  const seller = await newUser("seller");
  const before = await Promise.all(Array.from({ length: 20 }, () => ticketOnSale(seller)));
  const both = ["orders-1", "orders-2"];
  await Promise.all(both.map(stop));
  const meanwhile = await Promise.all(["One", "Two"].map((title) => bodyOf(seller.sell(title, 20))));
  await Promise.all(both.map(start));

  for (const ticket of meanwhile) await replicated("orders", "tickets", ticket);
  const handled = await Promise.all(both.map(handledSinceStart));
  expect(handled.reduce((sum, count) => sum + count)).toBeLessThan(before.length);
});

/** How many `ticket:created` events a process of orders has handled, including redeliveries. */
async function handledSinceStart(name: string): Promise<number> {
  const text = await (await fetch(`${processNamed(name).url}/metrics`)).text();
  const [, count] =
    /^events_consumed_total\{subject="ticket:created",outcome="done"\} (\d+)$/m.exec(text) ?? [];
  return Number(count ?? 0);
}
