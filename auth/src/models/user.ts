import { createHash } from "node:crypto";
import {
  BannedError,
  type CurrentUser,
  clock,
  defineAggregate,
  isId,
  NotAuthenticatedError,
  NotFoundError,
  seconds,
  unchanged,
} from "@eventhive/common";
import { Schema, trusted } from "mongoose";
import { canonicalEmail } from "../canonical-email";
import { config } from "../config";
import { database } from "../database";
import { hashPassword, isOutdated, verifyPassword } from "../password";

const knownNetworkSchema = new Schema(
  { hash: { type: String, required: true }, signedInAt: { type: Date, required: true } },
  { _id: false },
);

const banChangeSchema = new Schema(
  {
    banned: { type: Boolean, required: true },
    at: { type: Date, required: true },
    /** The email of the administrator. */
    by: { type: String, required: true },
    reason: { type: String },
  },
  { _id: false },
);

/** An email, with its link if it has one. What is stored does not contain the link. */
const emailLinkSchema = new Schema(
  {
    requestedAt: { type: Date, required: true },
    attempts: { type: Number, required: true },
    /** When the email is to be sent, or sent again; absent once it was sent, or is no longer retried. */
    dueAt: { type: Date },
    /** Of the last email. */
    secretHash: { type: String },
    expiresAt: { type: Date },
  },
  { _id: false },
);

/** The latest of an account's bans and their ends. */
const maxBanChanges = 50;

/** What is left of the unpublished fields of a deleted account. The email is unique, and of no mailbox. */
const erasedFields = (id: string) => ({
  email: `deleted:${id}`,
  canonicalEmail: undefined,
  password: "none",
  passwordVersion: -1, // so that no sign-in in progress passes its last write
  knownNetworks: [],
  emailVerified: undefined,
  verification: undefined,
  passwordReset: undefined,
  passwordChanged: undefined,
  isAdmin: undefined,
  banChanges: [],
});

const unchangedFields = {
  email: unchanged,
  canonicalEmail: unchanged,
  password: unchanged,
  passwordVersion: unchanged,
  knownNetworks: unchanged,
  emailVerified: unchanged,
  verification: unchanged,
  passwordReset: unchanged,
  passwordChanged: unchanged,
  isAdmin: unchanged,
  banChanges: unchanged,
};

export const User = defineAggregate(database, "User", {
  subjects: ["user:banned", "user:unbanned", "user:signed-out", "user:deleted"],
  published: {
    banned: { type: Boolean, required: true, default: false },
    /** When this state last changed. */
    since: { type: Date },
    /** Incremented when all sessions are ended. Tokens carry it; absent for 0. */
    sessionEpoch: { type: Number },
    /** Such an account keeps only what is published, so that its version stays the newest. */
    deletedAt: { type: Date },
  },
  isUpdatedOnly: true,
  // The broker's log keeps events forever, so they contain no personal data.
  unpublished: {
    /** As entered, but in lower case. */
    email: { type: String, required: true, unique: true, lowercase: true },
    /**
     * Identifies the mailbox. Missing in accounts that an older process wrote, until `canonicalize-emails` has run, and
     * if an older account has the same.
     */
    canonicalEmail: { type: String },
    /** Its hash, with salt and parameters. */
    password: { type: String, required: true },
    /** Counts the changes of the password, but not a new hash of the same one. Absent for 0. */
    passwordVersion: { type: Number },
    /** The networks of its sign-ins, latest first, as hashes, so that no addresses are stored. */
    knownNetworks: { type: [knownNetworkSchema], required: true },
    /** The user has opened a link that was sent to the email. */
    emailVerified: { type: Boolean },
    verification: { type: emailLinkSchema },
    passwordReset: { type: emailLinkSchema },
    /** The email that informs the owner. */
    passwordChanged: { type: emailLinkSchema },
    /** May ban others. Granted and revoked by commands only. */
    isAdmin: { type: Boolean },
    /** Oldest first. */
    banChanges: { type: [banChangeSchema] },
  },
  // An older copy still has what was erased.
  restore: ({ id, deletedAt }) => (deletedAt ? erasedFields(id) : unchangedFields),
  currentSubject({ version, banned, sessionEpoch, deletedAt }) {
    if (version === 0) return undefined;
    if (deletedAt) return "user:deleted";
    if (banned) return "user:banned";
    return sessionEpoch ? "user:signed-out" : "user:unbanned";
  },
  methods: {
    toAccount(): CurrentUser {
      return { id: this.id, email: this.email };
    },

    knows(network: string): boolean {
      const hash = hashOf(this.id, network);
      return this.knownNetworks.some((known) => known.hash === hash && known.signedInAt > forgottenBefore());
    },

    /** For a new account; one that is stored is changed by `rememberNetwork`. */
    startsFrom(network: string): void {
      this.knownNetworks.push(knownNetwork(this.id, network));
    },

    /** Whether sessions of this epoch were not ended. */
    accepts(sessionEpoch: number): boolean {
      return sessionEpoch >= (this.sessionEpoch ?? 0);
    },

    /** For a new account: the email is stored with it. */
    startsVerification(): void {
      this.verification = dueMail();
    },

    /** @returns whether anything changed */
    ban(by: string, reason: string): boolean {
      return !this.banned && this.changeBan({ banned: true, by, reason });
    },

    /** @returns whether anything changed */
    unban(by: string): boolean {
      return this.banned && this.changeBan({ banned: false, by });
    },

    /** Ends all sessions: tokens from before the save are of an older epoch. */
    endSessions(): void {
      this.raiseSessionEpoch();
      this.record("user:signed-out");
    },

    raiseSessionEpoch(): void {
      this.sessionEpoch = (this.sessionEpoch ?? 0) + 1;
      this.since = clock.date();
    },

    /** Ends all sessions, too, and the validity of a link that resets the password. */
    changePassword(hash: string): void {
      this.password = hash;
      this.passwordVersion = (this.passwordVersion ?? 0) + 1;
      this.passwordReset = undefined;
      this.endSessions();
    },

    /** By email, which is stored with the new password. */
    informOfNewPassword(): void {
      this.passwordChanged = dueMail();
    },

    /** By a link that was sent to the email, which verifies it. */
    resetPassword(hash: string): void {
      this.changePassword(hash);
      this.emailVerified = true;
      this.verification = undefined;
    },

    /** Removes all that is personal, and ends all sessions. The email is free in the same write. */
    erase(): void {
      for (const [field, value] of Object.entries(erasedFields(this.id))) {
        this.set(field, value);
        // Written even if nothing was there when it was read: some writes do not change the version.
        this.markModified(field);
      }
      this.raiseSessionEpoch();
      this.deletedAt = this.since;
      this.record("user:deleted");
    },

    changeBan(change: { banned: boolean; by: string; reason?: string }): boolean {
      const at = clock.date();
      this.banned = change.banned;
      this.since = at;
      this.banChanges.push({ ...change, at });
      if (this.banChanges.length > maxBanChanges) this.banChanges.shift();
      this.record(change.banned ? "user:banned" : "user:unbanned");
      return true;
    },
  },
  indexes: [
    // Sparse: it can be built before all accounts have the field, and holds for those that do.
    [{ canonicalEmail: 1 }, { unique: true, sparse: true }],
    [{ "verification.dueAt": 1 }, { sparse: true }],
    [{ "passwordReset.dueAt": 1 }, { sparse: true }],
    [{ "passwordChanged.dueAt": 1 }, { sparse: true }],
    [{ "banChanges.by": 1 }, { partialFilterExpression: { "banChanges.0": { $exists: true } } }],
  ],
});
export type User = InstanceType<typeof User>;

function dueMail() {
  const now = clock.date();
  return { requestedAt: now, dueAt: now, attempts: 0 };
}

const hashOf = (userId: string, network: string) =>
  createHash("sha256").update(`${userId}: ${network}`).digest("hex");

const knownNetwork = (userId: string, network: string) => ({
  hash: hashOf(userId, network),
  signedInAt: clock.date(),
});

const forgottenBefore = () => new Date(clock.now() - seconds(config.KNOWN_NETWORK_EXPIRES_IN));

/** Matches accounts that are older than bans, too. */
export const notBanned = () => ({ banned: trusted({ $ne: true }) });

/** Also for writes without a version: the account may have been deleted since it was read. */
export const notDeleted = { deletedAt: null };

/**
 * The account of a mailbox, in any spelling. If two accounts share a mailbox, each is found by its own spelling.
 */
export async function findByEmail(email: string): Promise<User | undefined> {
  const exact = email.toLowerCase();
  const isOwner = { $or: [{ email: exact }, { canonicalEmail: canonicalEmail(email) }] };
  const users = await User.find({ ...isOwner, ...notDeleted });
  return users.find((user) => user.email === exact) ?? users[0];
}

/**
 * An account, to be changed by a save.
 * @throws NotFoundError
 */
export async function findUser(id: unknown): Promise<User> {
  const user = isId(id) && (await findById(id));
  if (!user) throw new NotFoundError("user");
  return user;
}

/**
 * The account of a session, to be changed by a save. What changes an account does not wait for the event that ends a
 * session, so the epoch and the ban are read from the database.
 * @throws NotAuthenticatedError if the session was ended or there is no such account, BannedError
 */
export async function findUserOfSession(id: string, sessionEpoch: number): Promise<User> {
  const user = await findById(id);
  if (!user?.accepts(sessionEpoch)) throw new NotAuthenticatedError();
  if (user.banned) throw new BannedError();
  return user;
}

/** Null for a deleted account, too. */
async function findById(id: string): Promise<User | null> {
  // Accounts that are older than bans have no version, and a save compares it.
  await User.updateOne({ _id: id, version: trusted({ $exists: false }) }, { version: 0 });
  return User.findOne({ _id: id, ...notDeleted });
}

/** Removes the email of a former administrator from the bans of others. */
export async function forgetAdministrator(email: string): Promise<void> {
  await User.updateMany(
    { "banChanges.0": trusted({ $exists: true }), "banChanges.by": email },
    { "banChanges.$[change].by": "deleted account" },
    { arrayFilters: [{ "change.by": email }] },
  );
}

/** False after the same time whether there is no account or the password is wrong. */
export async function hasPassword(user: User | undefined, password: string): Promise<boolean> {
  const isRight = await verifyPassword(password, user?.password);
  if (!user || !isRight) return false;
  if (isOutdated(user.password)) {
    const renewed = await hashPassword(password);
    await User.updateOne({ _id: user.id, password: user.password }, { password: renewed });
  }
  return true;
}

/**
 * One atomic statement, so that concurrent sign-ins store at most the latest networks, and none passes a ban, a change of
 * the password or an end of all sessions that was saved before.
 * @returns the epoch of the new session; undefined if the account is banned, or has another password
 */
export async function rememberNetwork(
  { id, passwordVersion }: User,
  network: string,
): Promise<number | undefined> {
  const isSame = { _id: id, passwordVersion: passwordVersion ?? null, ...notBanned() };
  const entry = knownNetwork(id, network);
  const others = {
    $filter: {
      input: { $ifNull: ["$knownNetworks", []] },
      cond: {
        $and: [{ $ne: ["$$this.hash", entry.hash] }, { $gt: ["$$this.signedInAt", forgottenBefore()] }],
      },
    },
  };
  const knownNetworks = { $slice: [{ $concatArrays: [[entry], others] }, config.MAX_KNOWN_NETWORKS] };
  const user = await User.findOneAndUpdate(isSame, [{ $set: { knownNetworks } }])
    .select({ sessionEpoch: 1 })
    .lean();
  return user ? (user.sessionEpoch ?? 0) : undefined;
}
