import { setTimeout as wait } from "node:timers/promises";
import type { mongo } from "mongoose";
import type { Change } from "../../spec/histories";
import { type Stored, changesOfDocument } from "../observed-states";
import { database } from "../stack";

interface Document extends Stored {
  _id: mongo.ObjectId;
}

/**
 * Every change of the documents of a collection that is not rolled back, from the oplog of a replica set.
 * @throws if the oplog does not reach far enough back
 */
export async function followChanges(
  service: string,
  collection: string,
  onChanges: (changes: Change[]) => void,
  isOver: () => boolean,
): Promise<void> {
  const known = new Map<string, Stored>();
  const { operationTime } = await database(service).command({ ping: 1 });
  let from: mongo.ChangeStreamOptions = { startAtOperationTime: operationTime };
  for (;;) {
    const stream = database(service).collection<Document>(collection).watch([], from);
    try {
      for (;;) {
        const event = await stream.tryNext();
        if (stream.resumeToken) from = { resumeAfter: stream.resumeToken };
        if (!event && isOver()) return;
        if (event?.operationType !== "insert" && event?.operationType !== "update") continue;
        const name = `${service}.${collection} ${event.documentKey._id.toHexString()}`;
        const before = known.get(name);
        const now =
          event.operationType === "insert"
            ? event.fullDocument
            : { ...before, ...event.updateDescription.updatedFields };
        known.set(name, now);
        onChanges(changesOfDocument(name, before, now));
      }
    } catch (error) {
      if (isOver()) throw error;
      await wait(250); // the primary is down
    } finally {
      await stream.close();
    }
  }
}
