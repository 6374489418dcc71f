import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "mongoose";
import { clock, seconds } from "../base/clock";
import { withContext } from "../base/context";
import type { DeadLetters } from "../messaging/dead-letters";
import { connectBus } from "../messaging/connect-bus";
import type { EventBus } from "../messaging/event-bus";
import { republish, readSelection } from "./republish";
import { rebuild } from "./rebuild";
import { type ServiceDefinition, storeOf } from "./service-definition";
import { checkSettings } from "../base/settings";
import { startTraces, stopTraces } from "./traces";

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs one command of a service's image against its store and the broker.
 * @throws when the command is unknown or fails
 */
export async function runCommand(
  definition: ServiceDefinition,
  command: string,
  args: string[],
  connect = connectBus,
): Promise<void> {
  const commands: ServiceDefinition["commands"] = {
    republish: async (words) => {
      const selection = readSelection(words);
      const count = await withBroker(definition, connect, (database, bus) =>
        republish(database, bus, selection),
      );
      print(`republished ${count}`);
    },
    rebuild: async () => {
      const count = await withBroker(definition, connect, rebuild);
      print(`rebuilt ${count}`);
    },
    "dead-letters": (words) => handleDeadLetters(definition, store.deadLetters, words),
    ...definition.commands,
  };
  const run = commands[command];
  if (!run) throw new Error(`${command} is not one of ${Object.keys(commands).join(", ")}`);
  checkSettings();
  await startTraces(definition.name);
  const store = storeOf(definition);
  await store.open();
  await clock.follow(store.time);
  try {
    await withContext({}, () => run(args), { name: command });
  } finally {
    await stopTraces();
  }
}

async function withBroker<T>(
  definition: ServiceDefinition,
  connect: typeof connectBus,
  work: (database: Connection, bus: EventBus) => Promise<T>,
): Promise<T> {
  const { name, store } = definition;
  if (!("database" in store)) throw new Error(`${name} has no aggregates`);
  const bus = connect(name);
  try {
    await untilConnected(bus);
    return await work(store.database, bus);
  } finally {
    await bus.close();
  }
}

async function untilConnected(bus: EventBus): Promise<void> {
  const deadline = performance.now() + seconds(30);
  while (!bus.isConnected) {
    if (performance.now() > deadline) throw new Error("The broker is unavailable");
    await pause(50);
  }
}

async function handleDeadLetters(
  { name, listeners = [] }: ServiceDefinition,
  deadLetters: DeadLetters,
  [action = "list", id = ""]: string[],
): Promise<void> {
  if (action === "list") {
    for (let page = await deadLetters.list(); page.length > 0; page = await deadLetters.list(page.at(-1)))
      for (const { id, keptAt, subject, reason } of page)
        print([id, keptAt.toISOString(), subject, reason.split("\n")[0]].join("  "));
    return;
  }
  const letter = await deadLetters.find(id);
  if (!letter) throw new Error(`There is no dead letter ${id}: see "dead-letters list"`);
  switch (action) {
    case "show":
      return print([letter.bytes.toString(), "", letter.reason].join("\n"));
    case "discard":
      await deadLetters.discard(id);
      return print(`discarded ${id}`);
    case "replay": {
      const listener = listeners.find(({ subject }) => subject === letter.subject);
      if (!listener) throw new Error(`${name} no longer listens to ${letter.subject}`);
      const { bytes, traceparent } = letter;
      const handle = () => listener.handle(bytes); // if it throws, the letter is kept
      await withContext({ traceparent }, handle, { name: `replay ${letter.subject}`, kind: "CONSUMER" });
      await deadLetters.discard(id);
      return print(`handled and discarded ${id}`);
    }
    default:
      throw new Error(`dead-letters takes list, show ID, replay ID or discard ID, not ${action}`);
  }
}
