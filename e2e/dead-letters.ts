import type { Subject } from "@eventhive/common";
import { Redis } from "ioredis";
import { serviceNames } from "../infra/services";
import { database, stackFile } from "./stack";

/** A message that a service could not handle. */
export interface DeadLetter {
  id: string;
  subject: Subject;
  /** In base64. */
  bytes: string;
  attempts: number;
  /** The last error. */
  reason: string;
}

/** Of all services. */
export const allDeadLetters = async (): Promise<DeadLetter[]> =>
  (await Promise.all(serviceNames.map(deadLettersOf))).flat();

/** All dead letters of a service. */
export async function deadLettersOf(service: string): Promise<DeadLetter[]> {
  if (service !== "expiration")
    return database(service).collection<DeadLetter>("deadletters").find().toArray();
  const redis = new Redis(stackFile().servers.redis);
  try {
    return (await redis.hvals("expiration:dead-letters")).map((json) => JSON.parse(json));
  } finally {
    redis.disconnect();
  }
}
