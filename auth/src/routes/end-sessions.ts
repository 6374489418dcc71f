import { endpoint, retryOnConflict, seconds, signIn as openSession } from "@eventhive/common";
import { type Limit, countAttempt } from "../models/attempt-count";
import { account } from "./account";
import { ownAccount } from "./own-account";

/** Each stores an event in the broker's log forever. */
const limit: Limit = {
  name: "session_ends_of_account",
  free: 10,
  initialWait: seconds(1),
  maxWait: seconds(60),
};

/** Signs the user out everywhere else: the requesting browser gets a new session. */
export const endSessions = endpoint(
  {
    id: "endSessions",
    summary: "Sign out everywhere else",
    needsSession: true,
    responses: {
      200: {
        description: "The account, with a new session; all others have ended",
        body: account,
        headers: ["Set-Cookie"],
      },
    },
    errors: { 409: ["changed"], 429: ["too-many-attempts"] },
  },
  async (req, res) => {
    const { id } = await ownAccount(req);
    await countAttempt(limit, id);
    const user = await retryOnConflict(async () => {
      const found = await ownAccount(req);
      found.endSessions();
      return found.save();
    });
    openSession(req, user.toAccount(), user.sessionEpoch ?? 0);
    res.json(user.toAccount());
  },
);
