import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mongo as mongoServer } from "../../infra/local/known-servers";
import { freePort } from "../../infra/local/port";
import { eventually } from "../src/testing/eventually";
import { freeze } from "./freeze";
import { ensureReplicaSet, replicaSetName, withAdmin } from "../src/service/replica-set";

/** Three members of a replica set, in which a new primary is elected after this time without one. */
export async function startReplicaSet(electionTimeoutMs?: number) {
  const all = await createMembers(3);
  await startMembers(...all.members);
  await ensureReplicaSet(all.url(), electionTimeoutMs);
  await all.untilComplete();
  return all;
}

/** As StatefulSets start: the first has a user, and the others are empty. */
export async function startMembers(...members: Member[]): Promise<void> {
  const [first] = members as [Member];
  await first.startAlone();
  await first.createUser();
  await first.stop("SIGTERM");
  await Promise.all(members.map((member) => member.start()));
}

export type Member = Awaited<ReturnType<typeof createMember>>;

/** Of the user of every member that `createUser()` was called on. */
const credentials = "root:secret";

/** Servers that can become a replica set, with a keyfile and passwords as on a cluster. None is started. */
export async function createMembers(count: number) {
  const folder = await mkdtemp(join(tmpdir(), "eventhive-members-"));
  const keyfile = join(folder, "keyfile");
  await writeFile(keyfile, "0123456789abcdef");
  await chmod(keyfile, 0o400);
  const members: Member[] = [];
  while (members.length < count) members.push(await createMember(keyfile));
  const url = (database = "") => urlOf(members.map(({ host }) => host).join(","), database);
  const command = (document: object) =>
    withAdmin(url(), { replicaSet: replicaSetName }, (admin) => admin.command({ ...document }));
  return {
    members,
    url,
    /** Resolves once there is a primary that all others follow, and all have a vote, which a new member gets last. */
    untilComplete: () =>
      eventually(async () => {
        const status = await command({ replSetGetStatus: 1 });
        const states = status.members.map(({ stateStr }: { stateStr: string }) => stateStr).toSorted();
        expect(states).toEqual(["PRIMARY", ...members.slice(1).map(() => "SECONDARY")]);
        expect(status.votingMembersCount).toBe(count);
      }),
    /** Of an administrator, on the primary. */
    command,
    primary: async (): Promise<Member> => {
      const hello = await command({ hello: 1 });
      const found = members.find(({ host }) => host === hello.primary);
      if (!found) throw new Error("no member is the primary");
      return found;
    },
    remove: async () => {
      await Promise.all(members.map((member) => member.remove()));
      await rm(folder, { recursive: true });
    },
  };
}

const urlOf = (hosts: string, database: string) =>
  `mongodb://${credentials}@${hosts}/${database}?authSource=admin`;

async function createMember(keyfile: string) {
  const folder = await mkdtemp(join(tmpdir(), "eventhive-member-"));
  const port = String(await freePort());
  const host = `127.0.0.1:${port}`;
  let server: ChildProcess | undefined;

  async function start(parameters: string[]): Promise<void> {
    const flags = Object.entries(mongoServer.flags({ host: "127.0.0.1", port, folder })).flat();
    const all = [...flags.filter((word) => word !== ""), "--oplogSize", "50", ...parameters];
    const started = spawn(process.env.MONGOD_BINARY ?? "mongod", all, {
      stdio: ["ignore", "pipe", "ignore"],
    });
    server = started;
    let output = "";
    await new Promise<void>((resolve, reject) => {
      started.once("error", reject);
      started.once("exit", () => reject(new Error(`mongod ended:\n${output}`)));
      started.stdout.on("data", (text: Buffer) => {
        if (output.includes(mongoServer.readyWhenPrinted)) return;
        output += text.toString();
        if (output.includes(mongoServer.readyWhenPrinted)) resolve();
      });
    });
  }

  async function stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, "exit");
  }

  return {
    host,
    /** Of this member alone. */
    url: (database = "") => urlOf(host, database),
    /** As a server of its own, without a password. */
    startAlone: () => start([]),
    start: () => start(["--replSet", replicaSetName, "--keyFile", keyfile]),
    /** While it runs alone, as the official image does on an empty volume. */
    createUser: async () => {
      const [createUser, pwd] = credentials.split(":");
      await withAdmin(`mongodb://${host}`, {}, (admin) =>
        admin.command({ createUser, pwd, roles: ["root"] }),
      );
    },
    stop,
    freeze: () => freeze(server?.pid),
    thaw: () => server?.kill("SIGCONT"),
    /** Its data is lost while it is stopped. */
    loseData: async () => {
      await rm(folder, { recursive: true });
      await mkdir(folder);
    },
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}
