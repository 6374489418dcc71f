import { aggregatesOf } from "../../common/src/database/aggregate";
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
    ...(await subjectViolations(simulation)),
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
    published: () => eventsOf(broker),
  });
}

const eventsOf = (broker: Simulation["broker"]) =>
  broker.log.flatMap(({ subject, bytes }) => tryParseEvent(subject, bytes) ?? []);

/**
 * `republish` must publish each state on the subject on which it was first published. The subjects of a user are the
 * exception: a user who signed out everywhere and was banned and unbanned since has two, which are handled alike.
 */
async function subjectViolations({ broker }: Simulation): Promise<string[]> {
  const versionOf = (id: unknown, version: unknown) => `${String(id)} at version ${String(version)}`;
  const published = new Map(
    eventsOf(broker).flatMap(({ type, data }) =>
      "version" in data && !type.startsWith("user:") ? [[versionOf(data.id, data.version), type]] : [],
    ),
  );
  const models = services.flatMap(({ definition: { store } }) =>
    "database" in store ? aggregatesOf(store.database) : [],
  );
  const found = models.map(async (model) =>
    (await model.collection.find().toArray()).flatMap((stored) => {
      const name = versionOf(stored._id, stored.version);
      const first = published.get(name);
      const again = model.log.currentSubject(model.hydrate(stored));
      return first && again !== first ? [`republish: ${name} was ${first}, and would be ${again}`] : [];
    }),
  );
  return (await Promise.all(found)).flat();
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
