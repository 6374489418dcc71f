import type { Connection } from "mongoose";
import type { Subject } from "../contract/events";
import type { EventLog } from "../messaging/event-bus";

interface StoredIn {
  collection: { name: string };
}

/** The position up to which each log has been applied. Stored in the database until the rebuild is complete. */
export class RebuildProgress {
  private readonly positions;

  constructor(private readonly database: Connection) {
    this.positions = database.collection<{ _id: string; collectionId: string; after: number }>("rebuilds");
  }

  /** 0 if there is none for this collection. A collection that was restored again has another UUID. */
  async load(model: StoredIn, log: EventLog, subject: Subject): Promise<number> {
    const position = await this.positions.findOne({ _id: this.key(model, log, subject) });
    return position && position.collectionId === (await this.collectionId(model)) ? position.after : 0;
  }

  async save(model: StoredIn, log: EventLog, subject: Subject, after: number): Promise<void> {
    const position = { collectionId: await this.collectionId(model), after };
    const _id = this.key(model, log, subject);
    await this.positions.updateOne({ _id }, { $set: position }, { upsert: true });
  }

  async forget(): Promise<void> {
    await this.positions.deleteMany({});
  }

  private key(model: StoredIn, log: EventLog, subject: Subject): string {
    return `${model.collection.name} ${log.broker} ${subject}`;
  }

  private async collectionId(model: StoredIn): Promise<string> {
    const { name } = model.collection;
    const [found] = (await this.database.db?.listCollections({ name }, { nameOnly: false }).toArray()) ?? [];
    return String(found?.info?.uuid);
  }
}
