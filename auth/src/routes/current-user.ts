import { endpoint, findCurrentUser, isTransient, named, withTimeout } from "@eventhive/common";
import { z } from "zod";
import { User } from "../models/user";
import { account } from "./account";

const currentAccount = named(
  "CurrentUser",
  account.extend({
    emailVerified: z
      .boolean()
      .optional()
      .describe("Whether a link that was sent to the email was opened; absent while that is unknown"),
  }),
  { id: "6553f1000000000000000004", email: "alice@example.com", emailVerified: true },
);

export const currentUser = endpoint(
  {
    id: "currentUser",
    summary: "Who is signed in",
    responses: {
      200: {
        description: "The account, or null",
        body: z.object({ currentUser: currentAccount.nullable() }),
      },
    },
  },
  async (req, res) => {
    const user = findCurrentUser(req);
    res.json({ currentUser: user ? { ...user, emailVerified: await isVerified(user.id) } : null });
  },
);

const maxWaitMs = 500;

/** Who is signed in follows from the token. So a database that does not respond costs no page more than a moment. */
async function isVerified(id: string): Promise<boolean | undefined> {
  try {
    const user = await withTimeout(User.findById(id, { emailVerified: 1 }).lean().exec(), maxWaitMs);
    return user ? user.emailVerified === true : undefined;
  } catch (error) {
    if (isTransient(error)) return undefined;
    throw error;
  }
}
