import { createHash } from "node:crypto";
import type { Connection } from "mongoose";
import type { Subject } from "../contract/events";
import type { EventLog, LoggedMessage } from "../messaging/event-bus";

interface StoredIn {
  collection: { name: string };
}

interface Position {
  _id: string;
  collectionId: string;
  /** The digest of the message at `after`. Missing in positions that an older version stored. */
  digest?: string;
  after: number;
}

/** The position up to which each log has been applied. Stored in the database until the rebuild is complete. */
export class RebuildProgress {
  private readonly positions;

  constructor(private readonly database: Connection) {
    this.positions = database.collection<Position>("rebuilds");
  }

  /**
   * 0 if there is none for this collection and this log. A collection that was restored again has another UUID. A log that
   * the broker lost, and that was filled again, has another message at the position: each event has its own ID.
   */
  async load(model: StoredIn, log: EventLog, subject: Subject): Promise<number> {
    const position = await this.positions.findOne({ _id: this.key(model, log, subject) });
    if (!position || position.collectionId !== (await this.collectionId(model))) return 0;
    const { after, digest } = position;
    for await (const [message] of log.read(subject, { after: after - 1 }))
      return message?.sequence === after && digestOf(message) === digest ? after : 0;
    return 0;
  }

  /** @param last the last message that was applied */
  async save(model: StoredIn, log: EventLog, subject: Subject, last: LoggedMessage): Promise<void> {
    const collectionId = await this.collectionId(model);
    const position = { collectionId, after: last.sequence, digest: digestOf(last) };
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

const digestOf = ({ bytes }: LoggedMessage): string => createHash("sha256").update(bytes).digest("base64url");
