import { isDuplicateKey, logger } from "@eventhive/common";
import { canonicalEmail } from "./canonical-email";
import { User, notDeleted } from "./models/user";

const maxAttempts = 10; // each further one needs a concurrent sign-up with another spelling
const maxInFlight = 10;

/**
 * Sets the canonical email of every account, even while accounts are being created. If several accounts share one, the
 * oldest gets it. Accounts that have one are skipped, so the command can be interrupted and repeated.
 */
export async function canonicalizeEmails(): Promise<void> {
  let count = 0;
  let collisions = 0;
  const accounts = User.find({ canonicalEmail: null, ...notDeleted })
    .sort({ _id: 1 })
    .cursor();
  await accounts.eachAsync(
    async (account) => {
      if (await claimCanonicalEmail(account)) count += 1;
      else collisions += 1;
    },
    { parallel: maxInFlight },
  );
  process.stdout.write(`canonicalized ${count}, left out ${collisions} that collide with an older account\n`);
}

/** @returns whether the account has it now; false when it belongs to an older one */
async function claimCanonicalEmail(account: User): Promise<boolean> {
  const canonical = canonicalEmail(account.email);
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      const isWithout = { _id: account.id, canonicalEmail: null, ...notDeleted };
      await User.updateOne(isWithout, { canonicalEmail: canonical });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error, "canonicalEmail")) throw error;
    }
    const holder = await User.findOne({ canonicalEmail: canonical });
    if (!holder) continue; // it was deleted, or has just lost the email
    if (holder.id === account.id) return true; // by another run
    if (isOlder(holder, account)) return false;
    // If the process crashes before the next attempt, neither has it, and the next run decides again.
    await User.updateOne({ _id: holder.id, canonicalEmail: canonical }, { $unset: { canonicalEmail: 1 } });
    logger.info({ from: holder.id, to: account.id }, "moved a canonical email to the older account");
  }
  throw new Error(
    `The email of account ${account.id} keeps being claimed by new sign-ups: run this command again`,
  );
}

function isOlder(one: User, other: User): boolean {
  const difference = one.createdAt.getTime() - other.createdAt.getTime();
  return difference < 0 || (difference === 0 && one.id < other.id);
}
