import type { Mutant } from "../mutant";

const queue = "auth/src/hashing-queue.ts";
const throttling = "auth/src/throttling.ts";
const user = "auth/src/models/user.ts";
const session = "common/src/http/session.ts";
const queueTests = "auth/src/hashing-queue.test.ts";
const throttlingTests = "auth/src/throttling.test.ts";
const emailTests = "auth/src/canonicalize-emails.test.ts";
const endSessionsTests = "auth/src/routes/end-sessions.test.ts";
const passwordTests = "auth/src/routes/change-password.test.ts";
const deletionTests = "auth/src/routes/delete-account.test.ts";
const signInTests = "auth/src/routes/sign-in.test.ts";
const signUpTests = "auth/src/routes/sign-up.test.ts";
const banTests = "auth/src/routes/ban-user.test.ts";
const access = "common/src/service/user-access.ts";
const accessTests = "common/src/service/user-access.test.ts";
const sessionTests = "common/src/http/session.test.ts";

export const auth: Mutant[] = [
  {
    guard: "auth: hashing: sign-ups have their own queue",
    file: queue,
    change: { 'new HashingQueue("sign_up")': "signInHashes" },
    red: { [queueTests]: ["serves sign-ins, however many sign-ups are waiting"] },
  },
  {
    guard: "auth: hashing: networks take turns",
    file: queue,
    change: { "distance(one) - distance(other)": "0" },
    red: { [queueTests]: ["serves sites in turn, however many requests of one are waiting"] },
  },
  {
    guard: "auth: hashing: a full queue is shared",
    file: queue,
    change: { "if (!last) throw": "throw" },
    red: { [queueTests]: ["shares a full queue among all addresses, until each has one entry"] },
  },
  {
    guard: "auth: hashing: waiting is limited",
    file: queue,
    change: { 'reject(this.refusal("timeout"));': "" },
    red: { [queueTests]: ["rejects an entry that has waited too long, and continues with the others"] },
  },
  {
    guard: "auth: throttling: a known network has its own budget",
    file: throttling,
    change: { "isKnownNetwork\n    ? [": "email === ''\n    ? [" },
    red: {
      [throttlingTests]: [
        "a user who has signed in before is not locked out of the network they signed up from by a stranger who guesses elsewhere",
      ],
    },
  },
  {
    guard: "auth: throttling: attempts that an account's limit rejects count against the address",
    file: throttling,
    change: {
      "const ofAccount = await countAttempt(limit, guessed);":
        "const ofAccount = await countAttempt(limit, guessed).catch((error) => ofAddress.undo().then(() => { throw error; }));",
    },
    red: {
      [throttlingTests]: [
        "counts attempts rejected by an account's limit against the address, so that guessing ends",
      ],
    },
  },
  {
    guard: "auth: throttling: a sign-in does not reset the budget of other networks",
    file: throttling,
    change: {
      "await forgetAttempts(limit, guessed);":
        "await forgetAttempts(limit, guessed);\nawait forgetAttempts(perAccount(), email);",
    },
    red: {
      [throttlingTests]: [
        "a user who has signed in before gives strangers no further guesses by signing in there",
      ],
    },
  },
  {
    guard: "auth: index: one account per mailbox",
    file: user,
    change: { "[{ canonicalEmail: 1 }, { unique: true, sparse: true }],": "" },
    red: {
      [signUpTests]: [
        "lets one of two sign up with one mailbox in two spellings when both are hashed at the same time",
      ],
    },
  },
  {
    guard: "sign-ups: limit per site",
    file: "auth/src/routes/sign-up.ts",
    change: {
      "await countAttempt(perSite, rateLimitKey(address, 48));": "",
    },
    red: {
      "auth/src/throttling.test.ts": ["limits sign-ups per hour of an IPv6 site, whatever the networks"],
    },
  },
  {
    guard: "auth: canonicalize-emails: the older account keeps the mailbox",
    file: "auth/src/canonicalize-emails.ts",
    change: { "if (isOlder(holder, account)) return false;": "return false;" },
    red: { [emailTests]: ["reclaims the mailbox from an account created in between"] },
  },
  {
    guard: "auth: session: the newest of several cookies counts",
    file: session,
    change: { "other.iat - one.iat": "0" },
    red: {
      [sessionTests]: [
        "several cookies named session are resolved to the latest sign-in, whatever their order",
      ],
    },
  },
  {
    guard: "auth: session: a token that was verified before still expires",
    file: session,
    change: {
      "verified && clock.now() < seconds(verified.exp + clockTolerance) ? verified : undefined": "verified",
    },
    red: { [sessionTests]: ["ends the session when the token expires, give or take 30 s"] },
  },
  {
    guard: "auth: session: a shorter lifetime applies to tokens from before",
    file: session,
    change: { "Math.min(verified.exp, verified.iat + config.JWT_EXPIRES_IN)": "verified.exp" },
    red: {
      [sessionTests]: [
        "ends sessions from before the lifetime was shortened by the new one, and none from before it was extended",
      ],
    },
  },
  {
    guard: "auth: session: a process remembers a limited number of tokens",
    file: session,
    change: { "key.verified.delete(first);": "{}" },
    red: { [sessionTests]: ["verifies a token once, and remembers the last 1,000"] },
  },
  {
    guard: "auth: session: sign-out clears the cookies of parent domains",
    file: session,
    change: { "clearOthers(req);\n  req.session = null;": "req.session = null;" },
    red: {
      [sessionTests]: [
        "several cookies named session are all cleared at sign-out, of parent domains and of paths as well",
      ],
    },
  },
  {
    guard: "auth: bans: a sign-in checks the ban in its last write",
    file: user,
    change: {
      "passwordVersion: passwordVersion ?? null, ...notBanned()": "passwordVersion: passwordVersion ?? null",
    },
    red: {
      [banTests]: [
        "bans a user, publishes it without personal data, and refuses to sign them in",
        "refuses a sign-in whose password was checked before the ban",
      ],
    },
  },
  {
    guard: "auth: bans: the role is read from the database",
    file: "auth/src/routes/managed-user.ts",
    change: { "isAdmin: true, ...notBanned()": "" },
    red: {
      [banTests]: [
        "rejects everyone else: users, visitors, and administrators who were banned or have lost the role",
      ],
      "auth/src/change-admin.test.ts": [
        "grants and revokes the role of an existing account, with immediate effect on its sessions",
      ],
    },
  },
  {
    guard: "auth: bans: an account without a version gets one before it is saved",
    file: user,
    change: {
      "await User.updateOne({ _id: id, version: trusted({ $exists: false }) }, { version: 0 });": "",
    },
    red: { [banTests]: ["bans an account that was created before bans existed"] },
  },
  {
    guard: "auth: bans: a rebuild creates no account from an event",
    file: "common/src/service/rebuild.ts",
    change: { "upsert: !model.log.isUpdatedOnly": "upsert: true" },
    red: {
      "auth/src/rebuild.test.ts": [
        "updates the bans of restored accounts, and creates no account from an event",
      ],
    },
  },
  {
    guard: "auth: bans: a service refuses the session of a banned user",
    file: session,
    change: { "if (isBanned(req, user)) throw new BannedError();": "" },
    red: {
      [accessTests]: [
        "refuses the sessions of a banned user until the ban ends, and shows them what visitors see",
      ],
      "infra/simulated-bans.test.ts": ["a process that has received a ban accepts no request of the user"],
    },
  },
  {
    guard: "auth: bans: a process remembers the newest event of a user",
    file: access,
    change: { " || version <= (known?.version ?? -1)": "" },
    red: {
      [accessTests]: ["ignores an older event that comes late, also in a process that has just started"],
    },
  },
  {
    guard: "auth: bans: an event that is older than the last token is ignored",
    file: access,
    change: { "if (!isOver(state.since)) {": "{", "if (isOver(since) || ": "if (" },
    red: {
      [accessTests]: [
        "refuses sessions while tokens from before the ban are valid, and then ignores its events",
      ],
    },
  },
  {
    guard: "auth: bans: a ban ends what the user has begun, however late it arrives",
    file: access,
    change: { "state.banned && isNewest": "isBanned(state.id)" },
    red: {
      [accessTests]: [
        "a ban that arrives when all tokens from before it have expired ends what such a token could create, and nothing later, because that is of a user whose ban has ended",
      ],
    },
  },
  {
    guard: "auth: bans: a late ban ends nothing that was created after it had ended",
    file: access,
    change: { '"ban", { createdBefore: new Date(endOf(state.since)) }': '"ban", {}' },
    red: {
      "orders/src/cancel-orders-of.test.ts": [
        "cancels the orders that tokens from before a ban could create, however late the ban arrives, and no later ones",
      ],
      "tickets/src/withdraw-tickets-of.test.ts": [
        "withdraws the tickets that tokens from before a ban could list, however late the ban arrives, and no later ones",
      ],
    },
  },
  {
    guard: "auth: bans: an event that is older than a known one ends nothing",
    file: access,
    change: { "state.banned && isNewest": "state.banned" },
    red: {
      [accessTests]: [
        "a ban that arrives when all tokens from before it have expired ends nothing if the end of the ban is known",
      ],
    },
  },
  {
    guard: "auth: bans: a process reads what another one has stored",
    file: access,
    change: { "runPeriodically(seconds(1), readUsers)": "runPeriodically(seconds(1), async () => {})" },
    red: { [accessTests]: ["reads again what another process has stored"] },
  },
  {
    guard: "auth: bans: a process has read them before it accepts requests",
    file: "common/src/service/service.ts",
    change: { "return await access?.load();": "return;" },
    red: {
      "common/src/service/service.test.ts": [
        "accepts no request before it has read whose sessions to reject",
      ],
    },
  },
  {
    guard: "auth: bans: each process receives a ban",
    file: access,
    change: { "          changes.watch(remember);\n": "" },
    red: { [accessTests]: ["receives events that another process of the service handles"] },
  },
  {
    guard: "auth: bans: entries outlive the events that are accepted",
    file: access,
    change: { "new Date(endOf(since) + hours(1))": "new Date(endOf(since))" },
    red: {
      [accessTests]: [
        "keeps entries an hour longer than it accepts events, so that no event outlives a newer one",
      ],
    },
  },
  {
    guard: "auth: bans: a ban ends the user's streams",
    file: access,
    change: { "closeStreamsOf(id, banned ? Infinity : sessionEpoch);": "" },
    red: {
      [accessTests]: [
        "ends the streams of a banned user, and no others",
        "sessions of an older epoch lose their streams, and others keep theirs",
      ],
    },
  },
  {
    guard: "auth: bans: a ban ends a stream that has not begun",
    file: "common/src/http/stream-states.ts",
    change: { "if (findCurrentUser(req)?.id !== reader.userId) return void end();": "" },
    red: {
      [accessTests]: ["ends a stream whose user is banned during its first read, before it shows anything"],
    },
  },
  {
    guard: "auth: sessions: a service refuses those of an older epoch",
    file: access,
    change: { "sessionEpoch < (memory().users.get(userId)?.sessionEpoch ?? 0)": "false" },
    red: {
      [accessTests]: [
        "sessions of an older epoch are refused like a missing session, and those of the current and newer epochs are accepted",
      ],
    },
  },
  {
    guard: "auth: sessions: streams of the present epoch stay",
    file: "common/src/http/open-streams.ts",
    change: { " && reader.sessionEpoch < epoch": "" },
    red: { [accessTests]: ["sessions of an older epoch lose their streams, and others keep theirs"] },
  },
  {
    guard: "auth: sessions: an event without an epoch keeps the known one in memory",
    file: access,
    change: { "Math.max(state.sessionEpoch ?? 0, known?.sessionEpoch ?? 0)": "state.sessionEpoch ?? 0" },
    red: {
      [accessTests]: [
        "sessions of an older epoch stay refused after a ban that was published without an epoch",
      ],
    },
  },
  {
    guard: "auth: sessions: an event without an epoch keeps the stored one",
    file: access,
    change: { "sessionEpoch: sessionEpoch ?? unchanged,": "sessionEpoch," },
    red: {
      [accessTests]: [
        "sessions of an older epoch stay refused after a ban that was published without an epoch",
      ],
    },
  },
  {
    guard: "auth: sessions: a sign-in checks the password's version in its last write",
    file: user,
    change: { "_id: id, passwordVersion: passwordVersion ?? null,": "_id: id," },
    red: { [passwordTests]: ["refuses a sign-in whose password was checked before the change"] },
  },
  {
    guard: "auth: sessions: a change of the password ends all others",
    file: user,
    change: { "      this.endSessions();\n": '      this.record("user:signed-out");\n' },
    red: {
      [passwordTests]: ["changes the password, and ends all sessions except the requesting browser's"],
    },
  },
  {
    guard: "auth: sessions: what changes an account reads the epoch from the database",
    file: user,
    change: { "!user?.accepts(sessionEpoch)": "!user" },
    red: {
      [endSessionsTests]: [
        "refuses an ended session before the service has received the event, and a banned user",
        "keeps one of two sessions that end each other concurrently",
      ],
      [passwordTests]: ["refuses a session that ends while the change is saved, and keeps the password"],
    },
  },
  {
    guard: "auth: sessions: an administrator's epoch is read from the database",
    file: "auth/src/routes/managed-user.ts",
    change: { "  if (!admin.accepts(sessionEpochOf(req))) throw new NotAuthenticatedError();\n": "" },
    red: {
      [endSessionsTests]: ["ends the sessions of an administrator before the service has received the event"],
    },
  },
  {
    guard: "auth: sessions: ends are limited",
    file: "auth/src/routes/end-sessions.ts",
    change: { "    await limitSessionEnds(id);\n": "" },
    red: { [endSessionsTests]: ["is limited per account"] },
  },
  {
    guard: "auth: sessions: changes of the password are limited",
    file: "auth/src/routes/change-password.ts",
    change: { "    await limitSessionEnds(asked.id);\n": "" },
    red: {
      [passwordTests]: ["is limited per account, together with other requests that end its sessions"],
    },
  },
  {
    guard: "auth: sessions: a change of the password is throttled as a sign-in",
    file: "auth/src/routes/change-password.ts",
    change: {
      "await checkPassword(asked, { email: asked.email, password, address });":
        "if (!(await hasPassword(asked, password))) throw new InvalidCredentialsError();",
      'import { checkPassword } from "../check-password";':
        'import { InvalidCredentialsError } from "../check-password";\nimport { hasPassword } from "../models/user";',
    },
    red: {
      [passwordTests]: [
        "shares the limit of sign-ins, so that a stolen session does not help to guess the password",
      ],
    },
  },
  {
    guard: "auth: sessions: a sign-in gets the epoch that its last write saw",
    file: user,
    change: { "return user ? (user.sessionEpoch ?? 0) : undefined;": "return user ? 0 : undefined;" },
    red: {
      [signInTests]: [
        "signs in with the epoch that its last write read, when all sessions ended in the meantime",
      ],
    },
  },
  {
    guard: "auth: deletion: no sign-in in progress passes its last write",
    file: user,
    change: { "passwordVersion: -1,": "passwordVersion: undefined," },
    red: { [deletionTests]: ["at the same time as a sign-in whose password was checked before"] },
  },
  {
    guard: "auth: deletion: fields are erased that were empty when they were read",
    file: user,
    change: { "this.markModified(field);": "" },
    red: {
      [deletionTests]: [
        "at the same time as a sign-in that stores its network between the read and the write",
      ],
    },
  },
  {
    guard: "auth: deletion: ends all sessions",
    file: user,
    change: {
      "this.raiseSessionEpoch();\n      this.deletedAt = this.since;":
        "this.deletedAt = this.since = clock.date();",
    },
    red: { [deletionTests]: ["keeps nothing personal, publishes the deletion, and ends the session"] },
  },
  {
    guard: "auth: deletion: a deleted account cannot be changed",
    file: user,
    change: { "User.findOne({ _id: id, ...notDeleted })": "User.findOne({ _id: id })" },
    red: { [deletionTests]: ["at the same time as a ban that is saved second: the account is deleted"] },
  },
  {
    guard: "auth: deletion: a deleted account cannot be found",
    file: user,
    change: { "{ ...isOwner, ...notDeleted }": "isOwner" },
    red: { [deletionTests]: ["cannot be banned, found, or be made an administrator afterwards"] },
  },
  {
    guard: "auth: deletion: a rebuild repeats it",
    file: user,
    change: { "deletedAt ? erasedFields(id) : unchangedFields": "unchangedFields" },
    red: { [deletionTests]: ["is repeated by a rebuild of an older copy, which inserts no account"] },
  },
  {
    guard: "auth: deletion: it is republished as what it is",
    file: user,
    change: { 'if (deletedAt) return "user:deleted";': "" },
    red: { [deletionTests]: ["republishes from the fields that remain"] },
  },
  {
    guard: "auth: deletion: no email is requested for a deleted account",
    file: "auth/src/models/email-link.ts",
    change: { "{ _id: user.id, ...notDeleted },": "{ _id: user.id }," },
    red: {
      [deletionTests]: ["at the same time as a request for an email, which has read the account before"],
    },
  },
  {
    guard: "auth: deletion: canonicalize-emails gives a deleted account no email",
    file: "auth/src/canonicalize-emails.ts",
    change: { "account.id, canonicalEmail: null, ...notDeleted": "account.id, canonicalEmail: null" },
    red: { [deletionTests]: ["at the same time as canonicalize-emails, which has read the account before"] },
  },
  {
    guard: "auth: deletion: is refused to administrators",
    file: "auth/src/routes/delete-account.ts",
    change: { "  if (isAdmin)\n": "  if (false)\n" },
    red: {
      [deletionTests]: ["is denied to an administrator, whose email is erased once the role is revoked"],
    },
  },
  {
    guard: "auth: deletion: the bans that a former administrator made keep no email",
    file: "auth/src/routes/delete-account.ts",
    change: { "await forgetAdministrator(email);": "" },
    red: {
      [deletionTests]: ["is denied to an administrator, whose email is erased once the role is revoked"],
    },
  },
  {
    guard: "auth: deletion: a service ends what the user has begun, however late the event arrives",
    file: access,
    change: { 'if (state.deletedAt) await endFor?.([state.id], "deletion", {});': "" },
    red: { [accessTests]: ["a deleted account loses it however late the event arrives"] },
  },
  {
    guard: "auth: deletion: what a request in progress has created is ended, too",
    file: access,
    change: { '[idsOf(({ isDeleted }) => isDeleted), "deletion"],': "" },
    red: {
      [accessTests]: [
        "a deleted account loses what the user has begun: at once, and again for requests that were in progress, in each process",
      ],
    },
  },
  {
    guard: "auth: deletion: its orders were not ended by a ban",
    file: "orders/src/cancel-orders-of.ts",
    change: { 'reason === "ban" ? order.cancelForBan() : order.cancel("buyer")': "order.cancelForBan()" },
    red: {
      "orders/src/cancel-orders-of.test.ts": [
        "cancels the orders of a buyer who has deleted the account, as the buyer",
      ],
    },
  },
  {
    guard: "auth: bans: what a request in progress has created is ended, too",
    file: access,
    change: {
      "[runPeriodically(seconds(5), endForAll)]": "[runPeriodically(seconds(5), async () => {})]",
    },
    red: {
      "orders/src/cancel-orders-of.test.ts": ["cancels an order that was created by a request in progress"],
      "tickets/src/withdraw-tickets-of.test.ts": [
        "withdraws a reserved ticket when it becomes available, and one that was created by a request in progress",
      ],
    },
  },
  {
    guard: "auth: bans: an order that is being paid runs to its end",
    file: "orders/src/models/order.ts",
    change: {
      'if (this.status !== "created") return false;\n      this.buyerBanned = true;':
        "this.buyerBanned = true;",
    },
    red: {
      "orders/src/models/order.test.ts": [
        "is not cancelled for a ban while it is being paid, or once it is complete",
      ],
    },
  },
  {
    guard: "auth: bans: every service receives a ban",
    file: access,
    change: { "if (!access) return definition;": "return definition;" },
    red: {
      "infra/banning.test.ts": [
        "a ban reaches every service that the user has a session with, and ends what the user has begun",
      ],
    },
  },
];
