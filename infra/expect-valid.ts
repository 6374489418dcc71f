import type { Connection } from "mongoose";
import { aggregatesOf, toEvent } from "../common/src/database/aggregate";

/** Each document must be valid by its model, each aggregate also by the schema of the event that shows its state. */
export async function expectValid(database: Connection): Promise<void> {
  for (const model of Object.values(database.models))
    for (const document of await model.find()) await document.validate();
  for (const model of aggregatesOf(database))
    for (const aggregate of await model.find()) {
      const subject = model.log.currentSubject(aggregate);
      if (subject) toEvent(aggregate, subject, aggregate.version);
    }
}
