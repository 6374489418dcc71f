import { isTransient, seconds } from "@eventhive/common";
import { config } from "./config";
import { type Limit, countAttempt, forgetAttempts } from "./models/attempt-count";

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
