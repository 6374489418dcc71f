import { violationsIn } from "../invariants";
import { tryParseEvent } from "../try-parse-event";
import { type Snapshot, takeSnapshot } from "../snapshot";
import type { Simulation } from "./simulation";
import { type Service, databaseOf, services } from "./services";

/** All violations at the end of a run, when the system is quiescent. */
export async function violationsOf(simulation: Simulation): Promise<string[]> {
  const { monitor, userContext, scheduler, broker } = simulation;
  const snapshot = await snapshotOf(simulation);
  const deadLetters = await Promise.all(services.map((service) => deadLetterViolations(simulation, service)));
  const found = [
    ...monitor.violations,
    ...violationsIn(snapshot),
    ...userContext.acknowledged
      .filter(({ holds }) => !holds(snapshot))
      .map(({ description }) => `I13: an acknowledged write was lost: ${description}`),
    ...scheduler.tasks.map(({ process, description, point }) => `I14: ${process}: ${description}: ${point}`),
    ...broker.pending.map(({ service, subject }) => `I14: ${service} has not acknowledged ${subject}`),
    ...deadLetters.flat(),
  ];
  return [...new Set(found)];
}

function snapshotOf({ gateway, broker }: Simulation): Promise<Snapshot> {
  const { charges, intents } = gateway.sandbox.ledger;
  const ledger = async () => ({ charges: [...charges.values()], intents: [...intents.values()] });
  return takeSnapshot({
    tickets: databaseOf("tickets"),
    orders: databaseOf("orders"),
    auth: databaseOf("auth"),
    money: { payments: databaseOf("payments"), ledger },
    published: () => broker.log.flatMap(({ subject, bytes }) => tryParseEvent(subject, bytes) ?? []),
  });
}

/** The dead letters of a service must be exactly the poison messages on its subjects. */
async function deadLetterViolations(
  { poison }: Simulation,
  { name, definition, deadLetters }: Service,
): Promise<string[]> {
  const kept = await deadLetters.list();
  const expected = poison.filter(({ subject }) =>
    definition.listeners?.some((listener) => listener.subject === subject),
  );
  return [
    ...kept
      .filter(({ bytes }) => !expected.some((each) => each.bytes.equals(bytes)))
      .map(({ bytes, reason }) => `I12: ${name} could not handle ${bytes.toString()}: ${reason}`),
    ...expected
      .filter((each) => !kept.some(({ bytes }) => each.bytes.equals(bytes)))
      .map(({ subject }) => `I12: ${name} has not kept the poison on ${subject}`),
  ];
}
