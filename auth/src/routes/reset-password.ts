import { endpoint, retryOnConflict } from "@eventhive/common";
import { z } from "zod";
import { signInHashes } from "../hashing-queue";
import { findByLink } from "../models/email-link";
import { hashPassword } from "../password";
import { sendMails } from "../send-mails";
import { mayBeMailed, throttledByAddress } from "../throttling";
import { invalidLink, isNewPassword, newPasswordField, tokenField } from "./account";

/** Opens no session: the user signs in with the new password, which a banned user cannot. */
export const resetPassword = endpoint(
  {
    id: "resetPassword",
    summary: "Set a new password with the token from an email",
    body: z.object({ token: tokenField, password: newPasswordField }),
    responses: { 204: { description: "The new password is set" } },
    errors: { 400: ["invalid-link"], 409: ["changed"], 429: ["too-many-attempts"] },
  },
  isNewPassword("password"),
  async (req, res) => {
    const { token, password } = req.body;
    const address = req.ip ?? "";
    const find = () => findByLink(token, "passwordReset");
    const asked = await throttledByAddress(address, find);
    if (!asked) throw invalidLink();
    const hash = await signInHashes.run(address, () => hashPassword(password));
    const isInformed = await mayBeMailed("passwordChanged", asked.email);
    await retryOnConflict(async () => {
      const user = await find(); // it may have been used in the meantime
      if (!user) throw invalidLink();
      user.resetPassword(hash);
      if (isInformed) user.informOfNewPassword();
      await user.save();
    });
    sendMails.passwordChanged.kick();
    res.sendStatus(204);
  },
);
