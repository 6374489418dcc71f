import { type Connection, mongo } from "mongoose";
import { minutes, seconds } from "../base/clock";

interface Member {
  stateStr: string;
  /** Of its last write; an arbiter has none. */
  optimeDate?: Date;
}

/** No replica set; not authorized; not authorized on MongoDB Atlas. */
const unanswered = [76, 13, 8000];

/**
 * The number of members of the replica set that could not replace the primary: unreachable, recovering, still copying, or
 * more than a minute behind. Also those of the database's address that have not been added. 0 for a single server, and
 * for a hosted database whose user may not query its status.
 * @throws when there is no primary
 */
export async function unhealthyMembers(database: Connection, maxLagMs = minutes(1)): Promise<number> {
  const addresses = database.getClient().options.hosts;
  const members = await membersOf(database);
  if (!members) return 0;
  const timeOf = ({ optimeDate }: Member) => optimeDate?.getTime() ?? 0;
  const newest = Math.max(...members.map(timeOf));
  const healthy = members.filter((member) => {
    if (member.stateStr === "SECONDARY") return newest - timeOf(member) <= maxLagMs;
    return ["PRIMARY", "ARBITER"].includes(member.stateStr);
  });
  return Math.max(addresses.length, members.length) - healthy.length;
}

/** As the primary sees them, from their heartbeats every 2 s. */
async function membersOf(database: Connection): Promise<Member[] | undefined> {
  const admin = database.getClient().db("admin").admin();
  try {
    const status: { members?: Member[] } = await admin.command(
      { replSetGetStatus: 1 },
      { timeoutMS: seconds(2) },
    );
    return status.members;
  } catch (error) {
    if (error instanceof mongo.MongoServerError && unanswered.includes(Number(error.code))) return undefined;
    throw error;
  }
}
