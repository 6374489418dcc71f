import { type DeadLetters, mongoDeadLetters } from "../../common/src/messaging/dead-letters";
import { concerns, countElections, electionsOf, ensureIndexes } from "../../common/src/database/database";
import type { Document } from "../../common/test/documented-responses";
import type { ServiceDefinition } from "../../common/src/service/service-definition";
import type { mongo } from "mongoose";
import { canonicalEmail } from "../../auth/src/canonical-email";
import { User } from "../../auth/src/models/user";
import { hashPassword } from "../../auth/src/password";
import { timers } from "./timers";
import { definitions } from "../../infra/every-service";

/** A service, of which several processes may run. */
export interface Service {
  name: string;
  definition: ServiceDefinition;
  deadLetters: DeadLetters & { clear: () => Promise<void> };
  /** Of its store, as `consume` needs them. */
  elections?: () => number;
  /** Number of processes. */
  replicas: number;
}

const replicas: Record<string, number> = { tickets: 2, orders: 2, payments: 2 };

export const services: Service[] = definitions.map((definition) => ({
  name: definition.name,
  definition,
  deadLetters: deadLettersOf(definition),
  ...electionsIn(definition),
  replicas: replicas[definition.name] ?? 1,
}));

export const serviceNamed = (name: string): Service => {
  const found = services.find((service) => service.name === name);
  if (!found) throw new Error(`There is no service ${name}`);
  return found;
};

export const servicesWithDatabase = services
  .filter(({ definition }) => "database" in definition.store)
  .map(({ name }) => name);

/** The service that a path of the API belongs to. */
export const serviceFor = (path: string): string =>
  path.startsWith("/api/users") ? "auth" : (path.split("/")[2] ?? "");

/** By service. */
export const openApiDocuments = (): [service: string, Document][] =>
  services.flatMap(({ name, definition: { app } }) => (app ? [[name, app.locals.openApi()]] : []));

/** As in production, but without waiting for the journal: the server is never killed here. */
export async function connectServices(mongoUrl: string): Promise<void> {
  for (const { name, definition } of services) {
    if (!("database" in definition.store)) continue;
    const { database } = definition.store;
    await database.openUri(`${mongoUrl}/${name}`, {
      autoIndex: false,
      autoCreate: false,
      ...concerns,
      writeConcern: { ...concerns.writeConcern, journal: false },
    });
    countElections(database);
    await ensureIndexes(database);
  }
}

export async function disconnectServices(): Promise<void> {
  for (const { definition } of services)
    if ("database" in definition.store) await definition.store.database.close();
}

/** Deletes all documents, dead letters and timers. */
export async function resetServices(): Promise<void> {
  timers.clear();
  for (const { definition, deadLetters } of services) {
    await deadLetters.clear();
    if (!("database" in definition.store)) continue;
    for (const model of Object.values(definition.store.database.models))
      await model.collection.deleteMany({});
  }
}

/** An account that may ban others. */
export async function createAdmin({ email, password }: { email: string; password: string }): Promise<void> {
  const admin = new User({
    email,
    canonicalEmail: canonicalEmail(email),
    password: await hashPassword(password),
    isAdmin: true,
  });
  admin.recordNothing("as a sign-up");
  await admin.save();
}

/** What the driver reports when another member has become the primary. */
export function reportElection(name: string): void {
  const { store } = serviceNamed(name).definition;
  const change = { previousDescription: { type: "RSSecondary" }, newDescription: { type: "RSPrimary" } };
  if ("database" in store)
    store.database
      .getClient()
      .emit("serverDescriptionChanged", change as mongo.ServerDescriptionChangedEvent);
}

export function databaseOf(name: string): mongo.Db {
  const { store } = serviceNamed(name).definition;
  if (!("database" in store) || !store.database.db) throw new Error(`${name} is not connected`);
  return store.database.db;
}

function electionsIn({ store }: ServiceDefinition): Pick<Service, "elections"> {
  return "database" in store ? { elections: () => electionsOf(store.database) } : {};
}

function deadLettersOf({ store }: ServiceDefinition): Service["deadLetters"] {
  if ("database" in store) {
    const { database } = store;
    const clear = async () => {
      await database.collection("deadletters").deleteMany({});
    };
    return { ...mongoDeadLetters(database), clear };
  }
  const letters = new Map<string, Awaited<ReturnType<DeadLetters["list"]>>[number]>();
  return {
    keep: async (letter) => {
      const id = `${letter.subject} ${letter.bytes.toString("hex")}`;
      letters.set(id, { ...letter, id, keptAt: new Date(0) });
    },
    list: async () => [...letters.values()],
    find: async (id) => letters.get(id),
    count: async () => letters.size,
    discard: async (id) => void letters.delete(id),
    clear: async () => letters.clear(),
  };
}
