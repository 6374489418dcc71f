import { type Connection, type InferSchemaType, Schema } from "mongoose";
import { clock } from "../base/clock";
import { TooManyRequestsError } from "../contract/errors";
import { rateLimitKey } from "./rate-limit-key";
import { pseudonymOf } from "./session";

interface ActionLimit<Name extends string> {
  /** Stored with the counts. */
  name: Name;
  max: number;
  /** An hour or a day, as on the clock (UTC). */
  periodMs: number;
  refusal: { code: string; message: string };
}

/** The actions of one user, network or site within a period. */
const actionCountSchema = new Schema(
  {
    /** `LIMIT/WHO/PERIOD`, the periods counted from 1970. */
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    expiresAt: { type: Date, required: true },
  },
  { versionKey: false },
);

actionCountSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

type ActionCount = InferSchemaType<typeof actionCountSchema>;

/** A count that a failover loses only allows a few more actions. */
const writeConcern = { w: "majority", j: false } as const;

/**
 * Limits how often users and networks may do something. Each action is counted by one atomic statement, so parallel
 * requests cannot exceed a limit. Beyond a limit, `count` and `countFrom` throw a TooManyRequestsError for the rest of the
 * period. Networks are stored as pseudonyms.
 * @param onRefusal called with the name of the limit that was reached
 * @example
 * const limits = actionLimits(database, (limit) => logger.warn({ limit }, "refused an edit"));
 * const refusal = { code: "too-many-edits", message: "You have edited too many tickets" };
 * const perHour = { periodMs: hours(1), refusal };
 * const countEdit = async (userId: string, address: string) => {
 *   await limits.count({ ...perHour, name: "edits_of_seller", max: 100 }, userId);
 *   await limits.countFrom(
 *     address,
 *     { ...perHour, name: "edits_of_network", max: 1000 },
 *     { ...perHour, name: "edits_of_site", max: 3000 },
 *   );
 * };
 */
export function actionLimits<Name extends string>(database: Connection, onRefusal: (limit: Name) => void) {
  const { collection } = database.model("ActionCount", actionCountSchema);
  const counts = database.collection<ActionCount>(collection.name);

  async function count({ name, max, periodMs, refusal }: ActionLimit<Name>, who: string): Promise<void> {
    const now = clock.now();
    const period = Math.floor(now / periodMs);
    const endsAt = periodMs * (period + 1);
    // By the driver: a query of mongoose doubles the CPU time.
    const counted = await counts.findOneAndUpdate(
      { _id: `${name}/${who}/${period}` },
      { $inc: { count: 1 }, $setOnInsert: { expiresAt: new Date(endsAt) } },
      { upsert: true, returnDocument: "after", writeConcern },
    );
    if (!counted) throw new Error("An upsert returned no document");
    if (counted.count <= max) return;
    onRefusal(name);
    throw new TooManyRequestsError(refusal.message, (endsAt - now) / 1000, refusal.code);
  }

  /** The owner of an IPv6 /48, a site, has 65,536 networks. An IPv4 address is a site of one. */
  async function countFrom(
    address: string,
    perNetwork: ActionLimit<Name>,
    perSite: ActionLimit<Name>,
  ): Promise<void> {
    const [network, site] = [rateLimitKey(address), rateLimitKey(address, 48)];
    await count(perNetwork, pseudonymOf(network));
    if (site !== network) await count(perSite, pseudonymOf(site));
  }

  return { count, countFrom };
}
