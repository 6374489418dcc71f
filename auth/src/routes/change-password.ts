import { endpoint, retryOnConflict, signIn as openSession } from "@eventhive/common";
import { z } from "zod";
import { checkPassword } from "../check-password";
import { signInHashes } from "../hashing-queue";
import { hashPassword } from "../password";
import { sendMails } from "../send-mails";
import { limitSessionEnds, mayBeMailed } from "../throttling";
import { account, isNewPassword, newPasswordField, passwordField } from "./account";
import { ownAccount } from "./own-account";

/** Ends all sessions in the same write, and gives the requesting browser a new one. */
export const changePassword = endpoint(
  {
    id: "changePassword",
    summary: "Change the password, and sign out everywhere else",
    needsSession: true,
    body: z.object({ password: passwordField, newPassword: newPasswordField }),
    responses: {
      200: {
        description: "The account, with a new session; all others have ended",
        body: account,
        headers: ["Set-Cookie"],
      },
    },
    errors: { 400: ["invalid-credentials"], 409: ["changed"], 429: ["too-many-attempts"] },
  },
  isNewPassword("newPassword"),
  async (req, res) => {
    const { password, newPassword } = req.body;
    const address = req.ip ?? "";
    const asked = await ownAccount(req);
    await checkPassword(asked, { email: asked.email, password, address });
    await limitSessionEnds(asked.id);
    const hash = await signInHashes.run(address, () => hashPassword(newPassword));
    const isInformed = await mayBeMailed("passwordChanged", asked.email);
    const user = await retryOnConflict(async () => {
      // Refuses when the password was changed meanwhile, because that ended the session, too.
      const found = await ownAccount(req);
      found.changePassword(hash);
      if (isInformed) found.informOfNewPassword();
      return found.save();
    });
    sendMails.passwordChanged.kick();
    openSession(req, user.toAccount(), user.sessionEpoch ?? 0);
    res.json(user.toAccount());
  },
);
