import { trusted } from "mongoose";
import { User } from "./models/user";

/** Created by `infra/verify/buy-a-ticket.mjs`. The domain is reserved (RFC 2606), so no real account is removed. */
const ofVerifications = trusted({ $regex: /@verification\.invalid$/ });

/**
 * Removes the accounts that the verification after each deployment creates. Their tickets and orders stay, as records
 * of a sale.
 */
export async function removeVerificationAccounts(): Promise<void> {
  const { deletedCount } = await User.deleteMany({ email: ofVerifications });
  process.stdout.write(`removed ${deletedCount}\n`);
}
