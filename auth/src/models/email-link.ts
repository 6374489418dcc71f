import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { NotFoundError, backoffMs, clock, hours, logger, minutes, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "../config";
import { User, findUser, notDeleted } from "./user";

/** What a link in an email is for. An account has one link for each. */
export type Purpose = "verification" | "passwordReset";

/** The field of an account with the state of an email. An email of another kind than a purpose contains no secret. */
export type MailKind = Purpose | "passwordChanged";

/** How long a link is valid, and how long sending an email is retried. */
export const lifetimeMs = (kind: MailKind): number =>
  seconds(
    {
      verification: config.VERIFICATION_EXPIRES_IN,
      passwordReset: config.PASSWORD_RESET_EXPIRES_IN,
      passwordChanged: config.VERIFICATION_EXPIRES_IN,
    }[kind],
  );

const maxAttempts = 10;
/** Longer than an attempt takes: until then, no other process makes another one. */
const backoff = { firstMs: minutes(1), maxMs: hours(1) };

/** Stores that an email is to be sent. The link of the previous email stays valid until then. */
export async function requestLink(user: User, purpose: Purpose): Promise<void> {
  const now = clock.date();
  await User.updateOne(
    { _id: user.id, ...notDeleted },
    {
      [`${purpose}.requestedAt`]: now,
      [`${purpose}.dueAt`]: now,
      [`${purpose}.attempts`]: 0,
    },
  );
}

const maxAtOnce = 100;

/** The accounts to which emails are to be sent now, or a part of them. */
export const accountsDue = (kind: MailKind) =>
  User.find({ [`${kind}.dueAt`]: trusted({ $lte: clock.date() }) })
    .sort({ [`${kind}.dueAt`]: 1 })
    .limit(maxAtOnce)
    .cursor();

/**
 * Claims an email for one attempt to send it. Each attempt has a secret of its own, because only a hash is stored, and
 * ends the validity of the one before.
 * @returns the token of the link; undefined if another process was first, or the email is no longer retried
 */
export async function claimLink(user: User, kind: MailKind): Promise<string | undefined> {
  const link = user[kind];
  if (!link?.dueAt) return undefined;
  const isSame = { _id: user.id, [`${kind}.dueAt`]: link.dueAt };
  if (link.attempts >= maxAttempts || clock.now() >= link.requestedAt.getTime() + lifetimeMs(kind)) {
    logger.warn({ userId: user.id, kind, attempts: link.attempts }, "stopped retrying an email");
    await User.updateOne(isSame, { $unset: { [`${kind}.dueAt`]: 1 } });
    return undefined;
  }
  const secret = randomBytes(32).toString("base64url");
  const { matchedCount } = await User.updateOne(isSame, {
    $inc: { [`${kind}.attempts`]: 1 },
    [`${kind}.dueAt`]: new Date(clock.now() + backoffMs(link.attempts + 1, backoff)),
    [`${kind}.secretHash`]: hashOf(secret),
    [`${kind}.expiresAt`]: new Date(clock.now() + lifetimeMs(kind)),
  });
  return matchedCount === 1 ? `${user.id}-${secret}` : undefined;
}

/** No further attempt is made, unless the email has been requested again. */
export async function closeLink(token: string, kind: MailKind): Promise<void> {
  const { id, secret } = parse(token) ?? {};
  if (!id || !secret) return;
  await User.updateOne(
    { _id: id, [`${kind}.secretHash`]: hashOf(secret), [`${kind}.attempts`]: trusted({ $gt: 0 }) },
    { $unset: { [`${kind}.dueAt`]: 1 } },
  );
}

/** The account of a valid link, to be changed by a save. */
export async function findByLink(token: string, purpose: Purpose): Promise<User | undefined> {
  const { id, secret } = parse(token) ?? {};
  if (!id || !secret) return undefined;
  const user = await findUser(id).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  const { secretHash, expiresAt } = user?.[purpose] ?? {};
  if (!user || !secretHash || !expiresAt || expiresAt <= clock.date()) return undefined;
  return timingSafeEqual(Buffer.from(secretHash), Buffer.from(hashOf(secret))) ? user : undefined;
}

/**
 * Uses a link, in one atomic statement.
 * @returns false if the link is not valid
 */
export async function verifyEmail(token: string): Promise<boolean> {
  const { id, secret } = parse(token) ?? {};
  if (!id || !secret) return false;
  const { matchedCount } = await User.updateOne(
    {
      _id: id,
      "verification.secretHash": hashOf(secret),
      "verification.expiresAt": trusted({ $gt: clock.date() }),
    },
    { $set: { emailVerified: true }, $unset: { verification: 1 } },
  );
  return matchedCount === 1;
}

// The secret has 256 random bits, so a fast hash is enough.
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

function parse(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = /^([0-9a-f]{24})-([\w-]{43})$/.exec(token) ?? [];
  return id && secret ? { id, secret } : undefined;
}
