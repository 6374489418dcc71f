import { signedIn } from "@eventhive/common/testing";
import { canonicalEmail } from "../src/canonical-email";
import { User } from "../src/models/user";
import { hashPassword } from "../src/password";

// Settings are read when they are first used. Tests need many hashes, not strong ones.
process.env.PASSWORD_COST = "16";

export const password = "correct horse";

export function storedUser(fields: {
  email: string;
  password: string;
  canonicalEmail?: string;
}): Promise<User> {
  const user = new User(fields);
  user.recordNothing("as a sign-up");
  return user.save();
}

/** A user with an account who has not signed in yet. */
export const registered = async (email = "alice@example.com"): Promise<User> =>
  storedUser({ email, canonicalEmail: canonicalEmail(email), password: await hashPassword(password) });

/** An administrator, and the Cookie header of its session. */
export async function admin(email = "admin@example.com"): Promise<{ id: string; cookie: string }> {
  const { id } = await registered(email);
  await User.updateOne({ _id: id }, { isAdmin: true });
  return { id, cookie: signedIn(id, email) };
}
