import { TooManyRequestsError, hours, isTransient, rateLimitKey, seconds } from "@eventhive/common";
import { canonicalEmail } from "./canonical-email";
import { config } from "./config";
import { type Limit, countAttempt, forgetAttempts } from "./models/attempt-count";
import type { MailKind, Purpose } from "./models/email-link";

const waits = { initialWait: seconds(1), maxWait: seconds(60) };
const perAccount = (): Limit => ({
  name: "sign_ins_of_account",
  free: config.MAX_FAILED_SIGN_INS,
  ...waits,
});
const perKnownNetwork = (): Limit => ({
  ...perAccount(),
  name: "sign_ins_of_account_in_known_network",
});
const perAddress = (): Limit => ({
  name: "sign_ins_of_network",
  free: config.MAX_FAILED_SIGN_INS_PER_NETWORK,
  ...waits,
});

interface SignInAttempt {
  /** The canonical email; counts whether it has an account or not, so that delays reveal nothing. */
  email: string;
  network: string;
  /**
   * The account has signed in from this network before. Such networks have budgets of their own, or a stranger's
   * guesses would lock the owner out; all others share one.
   */
  isKnownNetwork: boolean;
}

/**
 * Counts a sign-in as failed before it is tried, so that parallel guesses count too. A success is
 * not counted against the address, and resets only the budget that it used: a stranger gains no guesses when the owner
 * signs in. Attempts that the account's limit rejects stay counted against the address, or guessing would never end.
 * @param verify returns false when the credentials are wrong; when it throws, unless the store failed, they were not
 * checked and nothing is counted
 * @throws TooManyRequestsError when the account or the address has to wait
 */
export async function throttled(
  { email, network, isKnownNetwork }: SignInAttempt,
  verify: () => Promise<boolean>,
): Promise<boolean> {
  const [limit, guessed] = isKnownNetwork
    ? [perKnownNetwork(), `${email} ${network}`]
    : [perAccount(), email];
  const ofAddress = await countAttempt(perAddress(), network);
  const ofAccount = await countAttempt(limit, guessed);
  let isRight: boolean;
  try {
    isRight = await verify();
  } catch (error) {
    // A store that does not respond would only make the caller wait for its timeout again.
    if (!isTransient(error)) await Promise.all([ofAccount.undo(), ofAddress.undo()]);
    throw error;
  }
  if (isRight) {
    await forgetAttempts(limit, guessed);
    await ofAddress.undo();
  }
  return isRight;
}

const sessionEnds = (): Limit => ({
  name: "session_ends_of_account",
  free: config.MAX_SESSION_ENDS_PER_HOUR,
  ...waits,
});

/**
 * Limits what ends the sessions of an account on its own request: each time stores an event in the broker's log forever.
 * @throws TooManyRequestsError
 */
export async function limitSessionEnds(userId: string): Promise<void> {
  await countAttempt(sessionEnds(), userId);
}

/** No more than these per hour. */
export const perHour = (name: Limit["name"], free: number): Limit => ({
  name,
  free,
  initialWait: hours(1),
  maxWait: hours(1),
});
const mailboxLimits = {
  verification: "verifications_of_mailbox",
  passwordReset: "password_resets_of_mailbox",
  passwordChanged: "password_changes_of_mailbox",
} as const;
const perMailbox = (kind: MailKind): Limit => perHour(mailboxLimits[kind], config.MAX_MAILS_PER_HOUR);

const perMailboxInKnownNetwork = (): Limit =>
  perHour("password_resets_of_mailbox_in_known_network", config.MAX_MAILS_PER_HOUR);

/**
 * Limits the emails that can be requested by a network and for a mailbox, which counts whether it has an account or not.
 * @throws TooManyRequestsError
 */
export async function limitMails(purpose: Purpose, request: MailRequest): Promise<void> {
  const { MAX_MAILS_PER_NETWORK_PER_HOUR, MAX_MAILS_PER_SITE_PER_HOUR } = config;
  const [network, site] = [rateLimitKey(request.address), rateLimitKey(request.address, 48)];
  const mailbox = canonicalEmail(request.email);
  await countAttempt(perHour("mails_of_network", MAX_MAILS_PER_NETWORK_PER_HOUR), network);
  await countAttempt(perHour("mails_of_site", MAX_MAILS_PER_SITE_PER_HOUR), site);
  if (request.isKnownNetwork) await countAttempt(perMailboxInKnownNetwork(), `${mailbox} ${network}`);
  else await countAttempt(perMailbox(purpose), mailbox);
}

interface MailRequest {
  address: string;
  email: string;
  /**
   * Of the reset of a password: the account has signed in from this network before. As for sign-ins, such networks have
   * budgets of their own, or a stranger's requests would keep the owner from resetting the password.
   */
  isKnownNetwork?: boolean;
}

/** For requests that are not rejected because of their email: a sign-up, and a change of the password. */
export async function mayBeMailed(kind: MailKind, email: string): Promise<boolean> {
  if (config.MAIL === "off") return false;
  try {
    await countAttempt(perMailbox(kind), canonicalEmail(email));
    return true;
  } catch (error) {
    if (error instanceof TooManyRequestsError) return false;
    throw error;
  }
}

/**
 * Counts a wrong link as a failed sign-in from its address.
 * @throws TooManyRequestsError when the address has to wait
 */
export async function throttledByAddress<T>(
  address: string,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const attempt = await countAttempt(perAddress(), rateLimitKey(address));
  const found = await find();
  if (found) await attempt.undo();
  return found;
}
