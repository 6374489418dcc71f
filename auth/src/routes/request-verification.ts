import { BadRequestError, endpoint } from "@eventhive/common";
import { requestLink } from "../models/email-link";
import { sendMails } from "../send-mails";
import { limitMails } from "../throttling";
import { requireMail } from "./account";
import { ownAccount } from "./own-account";

export const requestVerification = endpoint(
  {
    id: "requestVerification",
    summary: "Send the verification email again",
    needsSession: true,
    responses: { 202: { description: "The email will be sent" } },
    errors: { 400: ["already-verified"], 404: ["mail-off"], 429: ["too-many-attempts"] },
  },
  async (req, res) => {
    requireMail();
    const user = await ownAccount(req);
    if (user.emailVerified)
      throw new BadRequestError("already-verified", "This email address is already confirmed");
    await limitMails("verification", { address: req.ip ?? "", email: user.email });
    await requestLink(user, "verification");
    sendMails.verification.kick();
    res.status(202).end();
  },
);
