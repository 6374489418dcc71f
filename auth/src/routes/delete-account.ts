import { ForbiddenError, endpoint, retryOnConflict, signOut as closeSession } from "@eventhive/common";
import { z } from "zod";
import { checkPassword } from "../check-password";
import { type User, forgetAdministrator } from "../models/user";
import { passwordField } from "./account";
import { ownAccount } from "./own-account";

/** Not a DELETE, whose body proxies may drop (RFC 9110, 9.3.5). */
export const deleteAccount = endpoint(
  {
    id: "deleteAccount",
    summary: "Delete the account",
    needsSession: true,
    body: z.object({ password: passwordField }),
    responses: {
      200: {
        description: "The account and its sessions are deleted",
        body: z.object({}).meta({ examples: [{}] }),
        headers: ["Set-Cookie"],
      },
    },
    errors: { 400: ["invalid-credentials"], 403: ["is-admin"], 409: ["changed"], 429: ["too-many-attempts"] },
  },
  async (req, res) => {
    const user = await ownAccount(req);
    rejectAdministrators(user);
    const { email } = user;
    await checkPassword(user, { email, password: req.body.password, address: req.ip ?? "" });
    await forgetAdministrator(email);
    await retryOnConflict(async () => {
      // Refuses when the password was changed meanwhile, because that ended the session, too.
      const found = await ownAccount(req);
      rejectAdministrators(found);
      found.erase();
      await found.save();
    });
    closeSession(req);
    res.json({});
  },
);

/** Or the last one could leave, and the history of bans would lose the name of one who can still change it. */
function rejectAdministrators({ isAdmin }: User): void {
  if (isAdmin)
    throw new ForbiddenError(
      "An administrator's account cannot be deleted until the role is revoked",
      "is-admin",
    );
}
