import {
  endpoint,
  findCurrentUser,
  isTransient,
  named,
  sessionEpochOf,
  withTimeout,
} from "@eventhive/common";
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
    const stored = user && (await findStored(user.id));
    const isEnded = (stored?.sessionEpoch ?? 0) > sessionEpochOf(req);
    const emailVerified = stored ? stored.emailVerified === true : undefined;
    res.json({ currentUser: user && !isEnded ? { ...user, emailVerified } : null });
  },
);

const maxWaitMs = 500;

/** Who is signed in follows from the token. So a database that does not respond costs no page more than a moment. */
async function findStored(id: string) {
  try {
    const fields = { emailVerified: 1, sessionEpoch: 1 } as const;
    return await withTimeout(User.findById(id, fields).lean().exec(), maxWaitMs);
  } catch (error) {
    if (isTransient(error)) return undefined;
    throw error;
  }
}
