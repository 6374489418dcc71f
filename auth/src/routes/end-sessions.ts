import { endpoint, retryOnConflict, signIn as openSession } from "@eventhive/common";
import { limitSessionEnds } from "../throttling";
import { account } from "./account";
import { ownAccount } from "./own-account";

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
    await limitSessionEnds(id);
    const user = await retryOnConflict(async () => {
      const found = await ownAccount(req);
      found.endSessions();
      return found.save();
    });
    openSession(req, user.toAccount(), user.sessionEpoch ?? 0);
    res.json(user.toAccount());
  },
);
