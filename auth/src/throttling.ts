import { seconds } from "@eventhive/common";
import { type Attempt, type Limit, countAttempt, forgetAttempts } from "./models/attempt-count";
import { networkOf } from "./network";

const perAccount: Limit = {
  name: "failed sign-ins of an account",
  free: 10,
  firstWait: seconds(1),
  longestWait: seconds(60),
};
const perAddress: Limit = { ...perAccount, name: "failed sign-ins from an address", free: 200 };

/**
 * Counts a sign-in as failed before it is tried, so that parallel guesses count too, and takes that back unless the
 * credentials were wrong: success, or nobody has looked at them. A success forgets what the account counts, but not what
 * the address does: somebody's own account must not pay for guesses at others.
 * @param email counts whether it has an account or not, so that waiting tells nothing
 * @param findUser nobody when the credentials are wrong
 * @throws TooManyRequestsError when the account or the address has to wait
 */
export async function throttled<User>(
  email: string,
  address: string,
  findUser: () => Promise<User | undefined>,
): Promise<User | undefined> {
  const account = email.toLowerCase();
  const counted: Attempt[] = [];
  let isFailure = false;
  try {
    counted.push(await countAttempt(perAddress, networkOf(address)));
    counted.push(await countAttempt(perAccount, account));
    const user = await findUser();
    if (user) await forgetAttempts(perAccount, account);
    else isFailure = true;
    return user;
  } finally {
    if (!isFailure) for (const attempt of counted) await attempt.takeBack();
  }
}
