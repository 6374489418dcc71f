import { type Connection, trusted } from "mongoose";
import { clock, hours, minutes, seconds } from "../base/clock";
import { currentProcess } from "../base/joined";
import { type Sweep, runPeriodically } from "../base/sweep";
import type { EventData } from "../contract/events";
import { defineReplica } from "../database/define-replica";
import { unchanged } from "../database/logged-model";
import { closeStreamsOf } from "../http/open-streams";
import { type Access, sessionLifetimeMs } from "../http/session";
import { type Listener, listeners } from "../messaging/listener";
import { type Watcher, watcher } from "../messaging/watcher";
import type { ServiceDefinition } from "./service-definition";

type State = EventData<"user:banned">;

/**
 * The users who are banned, or have ended their sessions or deleted their accounts, with the listeners and sweeps that
 * keep this up to date.
 * @example
 * const statusFor = (access: UserAccess, userId: string) => (access.isBanned(userId) ? 403 : 200);
 */
export interface UserAccess extends Access {
  /** Reads what the service has stored; to be called before requests are accepted. */
  load(): Promise<void>;
  listeners: readonly [
    Listener<"user:banned">,
    Listener<"user:unbanned">,
    Listener<"user:signed-out">,
    Listener<"user:deleted">,
  ];
  watchers: Watcher[];
  sweeps: Sweep[];
}

/**
 * Why everything that a user has in progress is cancelled.
 * @example
 * const cancelReasonFor = (reason: EndReason) => (reason === "deletion" ? "buyer" : undefined);
 * cancelReasonFor("ban"); // => undefined
 */
export type EndReason = "ban" | "deletion";

interface Options {
  /**
   * Cancels what users have in progress who were banned or have deleted their accounts. Called as soon as the service
   * receives the event, and every five seconds for all, because a request that was accepted before may still be in progress.
   * With `createdBefore`, it leaves what was created later.
   */
  endFor?: (
    userIds: string[],
    reason: EndReason,
    options: { createdBefore?: Date; signal?: AbortSignal },
  ) => Promise<void>;
}

interface KnownUser {
  version: number;
  since: string;
  sessionEpoch: number;
  banned: boolean;
  isDeleted: boolean;
}

/** What a process remembers. */
interface Memory {
  users: Map<string, KnownUser>;
  /** When it last read what the service has stored. */
  readAt?: number;
}

/** Longer than a write takes that was sent before the last read and executed after it. */
const overlap = minutes(5);

const maxUsersAtOnce = 1000;

const subjects = ["user:banned", "user:unbanned", "user:signed-out", "user:deleted"] as const;

/**
 * Keeps the users whose sessions a service does not accept: all sessions of banned users, and ended sessions, whose
 * tokens have an older epoch. An entry matters until the last token that was issued before it has expired, because auth
 * signs no banned user in, and signs all others in with the current epoch. So older events are not stored, and an entry
 * is removed an hour later, to allow for clock skew: by then, no event can restore it. A token of an epoch that the
 * service has not received yet is accepted.
 *
 * Requests are checked in the memory of their process, which reads all entries before it accepts requests, receives new
 * events as live pages do, and reads each second what other processes have stored, because the bus does not repeat what a
 * process has missed.
 *
 * @example
 * const access = keepUserAccess(createDatabase("tickets"));
 * startService({ name: "tickets", store: { database }, app: createApp(() => {}, { access }) });
 */
export function keepUserAccess(database: Connection, { endFor }: Options = {}): UserAccess {
  // The name is that of its collection, which kept only bans at first.
  const StoredUser = defineReplica(database, "Ban", {
    subjects,
    fields: {
      banned: { type: Boolean, required: true },
      since: { type: Date, required: true },
      sessionEpoch: { type: Number },
      deletedAt: { type: Date },
      storedAt: { type: Date, required: true },
      expiresAt: { type: Date, required: true },
    },
    from: ({ banned, since, sessionEpoch, deletedAt }) => ({
      banned,
      since,
      deletedAt,
      sessionEpoch: sessionEpoch ?? unchanged, // not published by a process of auth that is older than epochs
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

  function remember({ id, version, banned, since, ...state }: State): void {
    const { users } = memory();
    const known = users.get(id);
    if (isOver(since) || version <= (known?.version ?? -1)) return;
    const sessionEpoch = Math.max(state.sessionEpoch ?? 0, known?.sessionEpoch ?? 0);
    users.set(id, { version, banned, since, sessionEpoch, isDeleted: state.deletedAt !== undefined });
    closeStreamsOf(id, banned ? Infinity : sessionEpoch);
  }

  const isBanned = (userId: string) => memory().users.get(userId)?.banned === true;

  async function readUsers(): Promise<void> {
    const known = memory();
    const startedAt = clock.now();
    const isNew = known.readAt !== undefined && {
      storedAt: trusted({ $gt: new Date(known.readAt - overlap) }),
    };
    const found = await StoredUser.find({ expiresAt: trusted({ $gt: clock.date() }), ...isNew }).lean();
    for (const { _id, version, banned, since, sessionEpoch, deletedAt } of found)
      remember({
        id: _id.toString(),
        version,
        banned,
        since: since.toISOString(),
        sessionEpoch: sessionEpoch ?? 0,
        deletedAt: deletedAt?.toISOString(),
      });
    for (const [id, { since }] of known.users) if (isOver(since)) known.users.delete(id);
    known.readAt = startedAt;
  }

  async function endForAll(signal?: AbortSignal): Promise<void> {
    const idsOf = (isMeant: (user: KnownUser) => boolean) =>
      [...memory().users].filter(([, user]) => isMeant(user)).map(([id]) => id);
    const ended: [string[], EndReason][] = [
      [idsOf(({ banned }) => banned), "ban"],
      [idsOf(({ isDeleted }) => isDeleted), "deletion"],
    ];
    for (const [ids, reason] of ended)
      for (let next = 0; next < ids.length; next += maxUsersAtOnce)
        await endFor?.(ids.slice(next, next + maxUsersAtOnce), reason, { signal });
  }

  const changes = watcher(...subjects);
  return {
    isBanned,
    isEnded: (userId, sessionEpoch) => sessionEpoch < (memory().users.get(userId)?.sessionEpoch ?? 0),
    load: readUsers,
    listeners: listeners(subjects, async (state) => {
      if (!isOver(state.since)) {
        remember(state);
        await StoredUser.apply(state);
      }
      const isNewest = state.version >= (memory().users.get(state.id)?.version ?? 0);
      // However late it arrives. What is newer than the last token from before the ban was created after the ban had ended.
      if (state.banned && isNewest)
        await endFor?.([state.id], "ban", { createdBefore: new Date(endOf(state.since)) });
      // Final, so it is applied however late it arrives.
      if (state.deletedAt) await endFor?.([state.id], "deletion", {});
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
      runPeriodically(seconds(1), readUsers),
      ...(endFor ? [runPeriodically(seconds(5), endForAll)] : []),
    ],
  };
}

/** The last token was issued at most an hour after the change: a sign-in in progress, and clocks that disagree. */
const endOf = (since: string): number => Date.parse(since) + sessionLifetimeMs() + hours(1);

const isOver = (since: string): boolean => endOf(since) <= clock.now();

/** What the app of a service was created with. */
export const accessOf = ({ app }: ServiceDefinition): UserAccess | undefined =>
  app?.locals.access as UserAccess | undefined;

/** A definition with all that the access of its app needs. */
export function withAccess(definition: ServiceDefinition): ServiceDefinition {
  const { listeners: own = [], watchers = [], sweeps = [] } = definition;
  const access = accessOf(definition);
  if (!access) return definition;
  return {
    ...definition,
    listeners: [...own, ...access.listeners],
    watchers: [...watchers, ...access.watchers],
    sweeps: [...sweeps, ...access.sweeps],
  };
}
