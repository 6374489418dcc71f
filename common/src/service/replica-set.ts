import { mongo } from "mongoose";
import { clock, seconds } from "../base/clock";
import { logger } from "../base/logger";
import { serverUrls } from "../base/server-urls";

export const replicaSetName = "eventhive";

interface Config {
  _id: string;
  version: number;
  members: { _id: number; host: string }[];
  settings?: { electionTimeoutMillis?: number };
}

const maxAttempts = 60;
const timeouts = {
  serverSelectionTimeoutMS: seconds(5),
  connectTimeoutMS: seconds(5),
  timeoutMS: seconds(20),
};

/**
 * Makes the MongoDB servers of an address one replica set, and adds those that are not members yet. The first one may
 * hold data, for example that of a server that ran alone; the others copy it. Changes nothing when there is nothing to
 * do, so that it may be repeated at any time.
 * @throws when a member is unavailable before there is a replica set. A member that lost its volume does not know its
 *   set: only all of them together show that there is none, and a second set would divide the data.
 */
export async function ensureReplicaSet(url: string, electionTimeoutMs = seconds(5)): Promise<void> {
  const urls = serverUrls(url);
  const hosts = urls.map(({ host }) => host);
  const sets = await Promise.all(hosts.map(setOf));
  const [first] = urls as [URL];
  if (sets.every((name) => name === undefined)) await initiate(first, electionTimeoutMs);

  await reconfigure(url, (config) => {
    if (config.settings?.electionTimeoutMillis === electionTimeoutMs) return undefined;
    return { ...config, settings: { ...config.settings, electionTimeoutMillis: electionTimeoutMs } };
  });
  // One at a time, as MongoDB requires. A new member has no vote until it has copied the data.
  for (const host of hosts)
    await reconfigure(url, ({ members, ...config }) => {
      if (members.some((member) => member.host === host)) return undefined;
      logger.info({ host }, "adding a member to the replica set");
      const _id = Math.max(...members.map((member) => member._id)) + 1;
      return { ...config, members: [...members, { _id, host }] };
    });
}

/** The name of the replica set that a server is in, if it is in one. Needs no password. */
async function setOf(host: string): Promise<string | undefined> {
  const hello = await withAdmin(`mongodb://${host}`, { directConnection: true }, (admin) =>
    admin.command({ hello: 1 }),
  );
  return hello.setName;
}

async function initiate(first: URL, electionTimeoutMillis: number): Promise<void> {
  logger.info({ host: first.host }, "initiating the replica set");
  const replSetInitiate = {
    _id: replicaSetName,
    members: [{ _id: 0, host: first.host }],
    settings: { electionTimeoutMillis },
  };
  await withAdmin(first.href, { directConnection: true }, (admin) => admin.command({ replSetInitiate }));
}

/**
 * Retries a change while another one, or an election, prevents it. Each attempt has its own client, because a client that
 * found no primary in time stays closed.
 */
async function reconfigure(url: string, change: (config: Config) => Config | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withAdmin(url, { replicaSet: replicaSetName }, async (admin) => {
        const { config }: { config: Config } = (await admin.command({ replSetGetConfig: 1 })) as never;
        const changed = change(config);
        if (changed) await admin.command({ replSetReconfig: { ...changed, version: config.version + 1 } });
      });
    } catch (error) {
      if (attempt === maxAttempts) throw error;
      await clock.wait(seconds(1));
    }
  }
}

/** Runs commands of an administrator on a connection of their own. */
export async function withAdmin<T>(
  url: string,
  options: mongo.MongoClientOptions,
  work: (admin: mongo.Admin) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(url, { ...timeouts, ...options });
  try {
    return await work(client.db("admin").admin());
  } finally {
    await client.close();
  }
}
