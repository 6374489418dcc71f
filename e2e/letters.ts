import type { Subject } from "@eventhive/common";
import { Redis } from "ioredis";
import { database, stackFile } from "./stack";

/** A message that a service could not handle. */
export interface Letter {
  id: string;
  subject: Subject;
  /** In base64. */
  bytes: string;
  attempts: number;
}

let redis: Redis | undefined;
afterAll(() => redis?.disconnect());

/** All that a service has kept. */
export async function lettersOf(service: string): Promise<Letter[]> {
  if (service !== "expiration") return database(service).collection<Letter>("deadletters").find().toArray();
  redis ??= new Redis(stackFile().servers.redis);
  return (await redis.hvals("expiration:dead-letters")).map((json) => JSON.parse(json));
}
