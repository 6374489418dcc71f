import { withContext } from "./context";
import { reannounce } from "./messaging/reannounce";
import { type ServiceDefinition, busOf, storeOf } from "./service";
import { checkSettings } from "./settings";

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs one command of a service's image against its store and the broker, then exits 0.
 * @throws when the command is unknown or fails
 */
export async function runCommand(
  definition: ServiceDefinition,
  command: string,
  args: string[],
): Promise<void> {
  const run = { reannounce: reannounceAll, "dead-letters": deadLetters, ...definition.commands }[command];
  if (!run) throw new Error(`There is no command ${command}`);
  checkSettings();
  const store = storeOf(definition);
  await store.open();
  await withContext({}, () => run(args));
  process.exit(0);

  async function reannounceAll(): Promise<void> {
    if (!("database" in definition.store))
      throw new Error(`${definition.name} has no aggregates to announce`);
    const bus = busOf(definition);
    const count = await reannounce(definition.store.database, bus);
    await bus.close();
    print(`announced ${count}`);
  }

  async function deadLetters([action = "list", id = ""]: string[]): Promise<void> {
    if (action === "list") {
      for (const { id, keptAt, subject, reason } of await store.deadLetters.list()) {
        print([id, keptAt.toISOString(), subject, reason.split("\n")[0]].join("  "));
      }
      return;
    }
    const letter = await store.deadLetters.find(id);
    if (!letter) throw new Error(`There is no dead letter ${id}: see "dead-letters list"`);
    switch (action) {
      case "show":
        return print([letter.bytes.toString(), "", letter.reason].join("\n"));
      case "discard":
        await store.deadLetters.discard(id);
        return print(`discarded ${id}`);
      case "replay": {
        const listener = definition.listeners?.find(({ subject }) => subject === letter.subject);
        if (!listener) throw new Error(`${definition.name} does not listen to ${letter.subject} any more`);
        await listener.handle(letter.bytes); // a letter that fails again stays
        await store.deadLetters.discard(id);
        return print(`handled and discarded ${id}`);
      }
      default:
        throw new Error(`dead-letters can list, show ID, replay ID and discard ID, not ${action}`);
    }
  }
}
