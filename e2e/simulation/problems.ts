import { broken } from "../invariants";
import { readableEvent } from "../readable-event";
import { type Snapshot, look } from "../world";
import type { History } from "./history";
import { type Service, databaseOf, services } from "./services";

/** Everything that is wrong, now that it is quiet. */
export async function problemsOf(history: History): Promise<string[]> {
  const { watch, marketplace, scheduler, broker } = history;
  const snapshot = await lookAt(history);
  const letters = await Promise.all(services.map((service) => problemsOfLetters(history, service)));
  const found = [
    ...watch.problems,
    ...broken(snapshot),
    ...marketplace.promises
      .filter(({ isKept }) => !isKept(snapshot))
      .map(({ words }) => `I13: what was promised is not true: ${words}`),
    ...scheduler.tasks.map(({ process, words, place }) => `I14: ${process}: ${words}: ${place}`),
    ...broker.waiting.map(({ service, subject }) => `I14: ${service} has not taken ${subject}`),
    ...letters.flat(),
  ];
  return [...new Set(found)];
}

function lookAt({ gateway, broker }: History): Promise<Snapshot> {
  const charges = [...gateway.sandbox.ledger.charges.values()];
  return look({
    tickets: databaseOf("tickets"),
    orders: databaseOf("orders"),
    money: { payments: databaseOf("payments"), ledger: async () => ({ charges }) },
    published: () => broker.log.flatMap(({ subject, bytes }) => readableEvent(subject, bytes) ?? []),
  });
}

/** Each poison is kept by all who listen to its channel, and nothing else is. */
async function problemsOfLetters(
  { poison }: History,
  { name, definition, deadLetters }: Service,
): Promise<string[]> {
  const letters = await deadLetters.list();
  const heard = poison.filter(({ subject }) =>
    definition.listeners?.some((listener) => listener.subject === subject),
  );
  return [
    ...letters
      .filter(({ bytes }) => !heard.some((each) => each.bytes.equals(bytes)))
      .map(({ bytes, reason }) => `I12: ${name} could not handle ${bytes.toString()}: ${reason}`),
    ...heard
      .filter((each) => !letters.some(({ bytes }) => each.bytes.equals(bytes)))
      .map(({ subject }) => `I12: ${name} has not kept the poison on ${subject}`),
  ];
}
