import { endpoint, rateLimitKey } from "@eventhive/common";
import { z } from "zod";
import { canonicalEmail } from "../canonical-email";
import { countAttempt } from "../models/attempt-count";
import { requestLink } from "../models/email-link";
import { findByEmail } from "../models/user";
import { sendMails } from "../send-mails";
import { limitMails } from "../throttling";
import { emailField, isEmail, requireMail } from "./account";

export const requestPasswordReset = endpoint(
  {
    id: "requestPasswordReset",
    summary: "Email a password reset link, if the address has an account",
    body: z.object({ email: emailField }),
    responses: { 202: { description: "The same whether the email has an account or not" } },
    errors: { 404: ["mail-off"], 429: ["too-many-attempts"] },
  },
  isEmail(),
  async (req, res) => {
    requireMail();
    const { email } = req.body;
    const address = req.ip ?? "";
    const user = await findByEmail(email);
    const isKnownNetwork = user?.knows(rateLimitKey(address));
    await limitMails("passwordReset", { address, email, isKnownNetwork });
    await (user ? requestLink(user, "passwordReset") : requestNothing(email));
    sendMails.passwordReset.kick();
    res.status(202).end();
  },
);

/** A write like that for an account, so that the time of the response does not reveal whether there is one. */
const requestNothing = (email: string) =>
  countAttempt(
    { name: "password_resets_of_mailbox", free: Number.MAX_SAFE_INTEGER, initialWait: 0, maxWait: 0 },
    `without an account: ${canonicalEmail(email)}`,
  );
