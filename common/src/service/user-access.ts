import { type Connection, trusted } from "mongoose";
import { clock, hours, minutes, seconds } from "../base/clock";
import { currentProcess } from "../base/joined";
import { type Sweep, runPeriodically } from "../base/sweep";
import type { EventData } from "../contract/events";
import { defineReplica } from "../database/define-replica";
import { closeStreamsOf } from "../http/open-streams";
import { type Access, sessionLifetimeMs } from "../http/session";
import { type Listener, listeners } from "../messaging/listener";
import { type Watcher, watcher } from "../messaging/watcher";
import type { ServiceDefinition } from "./service-definition";

type State = EventData<"user:banned">;

/**
 * What a service knows of banned users, with what keeps it up to date.
 * @example
 * const statusFor = (access: UserAccess, userId: string) => (access.isBanned(userId) ? 403 : 200);
 */
export interface UserAccess extends Access {
  /** Reads what the service has stored; to be called before requests are accepted. */
  load(): Promise<void>;
  listeners: [Listener<"user:banned">, Listener<"user:unbanned">];
  watchers: Watcher[];
  sweeps: Sweep[];
}

interface Options {
  /**
   * Ends what these banned users have begun. Called as soon as the service hears of a ban, and every five seconds for all,
   * because a request that was accepted before may still be in progress.
   */
  endFor?: (userIds: string[], signal?: AbortSignal) => Promise<void>;
}

/** What a process remembers. */
interface Memory {
  users: Map<string, Pick<State, "version" | "banned" | "since">>;
  /** When it last read what the service has stored. */
  readAt?: number;
}

/** Longer than a write takes that was sent before the last read and executed after it. */
const overlap = minutes(5);

const maxUsersAtOnce = 1000;

/**
 * Keeps the users whose sessions a service does not accept. A ban matters until the last token that was issued before it
 * has expired: auth signs no banned user in. So events that are older are ignored, and what is stored is removed an hour
 * later, for clocks that disagree: by then, no event can bring it back.
 *
 * A request is checked in memory. Each process has its own: it reads what is stored before it accepts requests, hears
 * new events as live pages do, and reads again each second what another process has stored, because the bus repeats
 * nothing that a process has missed.
 *
 * @example
 * const access = keepUserAccess(createDatabase("tickets"));
 * startService({ name: "tickets", store: { database }, app: createApp(() => {}, { access }), access });
 */
export function keepUserAccess(database: Connection, { endFor }: Options = {}): UserAccess {
  const Ban = defineReplica(database, "Ban", {
    subjects: ["user:banned", "user:unbanned"],
    fields: {
      banned: { type: Boolean, required: true },
      since: { type: Date, required: true },
      storedAt: { type: Date, required: true },
      expiresAt: { type: Date, required: true },
    },
    from: ({ banned, since }) => ({
      banned,
      since,
      storedAt: clock.date(),
      expiresAt: new Date(endOf(since) + hours(1)),
    }),
    indexes: [[{ expiresAt: 1 }, { expireAfterSeconds: 0 }], [{ storedAt: 1 }]],
  });
  const memories = new WeakMap<object, Memory>();

  function memory(): Memory {
    const known = memories.get(currentProcess()) ?? { users: new Map() };
    memories.set(currentProcess(), known);
    return known;
  }

  function remember({ id, version, banned, since }: State): void {
    const { users } = memory();
    if (isOver(since) || version <= (users.get(id)?.version ?? -1)) return;
    users.set(id, { version, banned, since });
    if (banned) closeStreamsOf(id);
  }

  const isBanned = (userId: string) => memory().users.get(userId)?.banned === true;

  async function readBans(): Promise<void> {
    const known = memory();
    const startedAt = clock.now();
    const isNew = known.readAt !== undefined && {
      storedAt: trusted({ $gt: new Date(known.readAt - overlap) }),
    };
    const found = await Ban.find({ expiresAt: trusted({ $gt: clock.date() }), ...isNew });
    for (const { id, version, banned, since } of found)
      remember({ id, version, banned, since: since.toISOString() });
    for (const [id, { since }] of known.users) if (isOver(since)) known.users.delete(id);
    known.readAt = startedAt;
  }

  async function endForBanned(signal?: AbortSignal): Promise<void> {
    const banned = [...memory().users].filter(([, user]) => user.banned).map(([id]) => id);
    for (let next = 0; next < banned.length; next += maxUsersAtOnce)
      await endFor?.(banned.slice(next, next + maxUsersAtOnce), signal);
  }

  const changes = watcher("user:banned", "user:unbanned");
  return {
    isBanned,
    load: readBans,
    listeners: listeners(["user:banned", "user:unbanned"], async (state) => {
      if (isOver(state.since)) return;
      remember(state);
      await Ban.apply(state);
      if (isBanned(state.id)) await endFor?.([state.id]);
    }),
    watchers: [
      {
        ...changes,
        connect: (bus) => {
          changes.connect(bus);
          changes.watch(remember);
        },
      },
    ],
    sweeps: [
      runPeriodically(seconds(1), readBans),
      ...(endFor ? [runPeriodically(seconds(5), endForBanned)] : []),
    ],
  };
}

/** The last token was issued at most an hour after the ban: a sign-in in progress, and clocks that disagree. */
const endOf = (since: string): number => Date.parse(since) + sessionLifetimeMs() + hours(1);

const isOver = (since: string): boolean => endOf(since) <= clock.now();

/** A definition with all that its `access` needs. */
export function withAccess(definition: ServiceDefinition): ServiceDefinition {
  const { access, listeners: own = [], watchers = [], sweeps = [] } = definition;
  if (!access) return definition;
  return {
    ...definition,
    listeners: [...own, ...access.listeners],
    watchers: [...watchers, ...access.watchers],
    sweeps: [...sweeps, ...access.sweeps],
  };
}
