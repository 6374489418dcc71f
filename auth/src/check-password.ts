import { BadRequestError, rateLimitKey } from "@eventhive/common";
import { canonicalEmail } from "./canonical-email";
import { signInHashes } from "./hashing-queue";
import { type User, hasPassword } from "./models/user";
import { throttled } from "./throttling";

interface Credentials {
  email: string;
  password: string;
  /** The address that they come from. */
  address: string;
}

/**
 * Throttled, and hashed in the queue of sign-ins, wherever a password is asked for.
 * @returns the user, whose password it is
 * @throws BadRequestError `invalid-credentials`, after the same time if there is no user
 */
export async function checkPassword(
  user: User | undefined,
  { email, password, address }: Credentials,
): Promise<User> {
  const network = rateLimitKey(address);
  const isRight = await throttled(
    { email: canonicalEmail(email), network, isKnownNetwork: user?.knows(network) ?? false },
    () => signInHashes.run(address, () => hasPassword(user, password)),
  );
  if (!user || !isRight) throw new InvalidCredentialsError();
  return user;
}

export class InvalidCredentialsError extends BadRequestError {
  constructor() {
    super("invalid-credentials", "Incorrect email or password");
  }
}
