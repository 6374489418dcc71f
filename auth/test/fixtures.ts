import { canonicalEmail } from "../src/canonical-email";
import { User } from "../src/models/user";
import { hashPassword } from "../src/password";

// Settings are read when they are first used. Tests need many hashes, not strong ones.
process.env.PASSWORD_COST = "16";

export const password = "correct horse";

/** A user with an account who has not signed in yet. */
export const registered = async (email = "alice@example.com"): Promise<User> =>
  User.create({ email, canonicalEmail: canonicalEmail(email), password: await hashPassword(password) });
