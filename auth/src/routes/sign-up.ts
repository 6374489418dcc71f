import {
  BadRequestError,
  endpoint,
  isDuplicateKey,
  rateLimitKey,
  signIn as openSession,
} from "@eventhive/common";
import { z } from "zod";
import { canonicalEmail } from "../canonical-email";
import { config } from "../config";
import { signUpHashes } from "../hashing-queue";
import { countAttempt } from "../models/attempt-count";
import { User } from "../models/user";
import { hashPassword } from "../password";
import { sendMails } from "../send-mails";
import { mayBeMailed, perHour } from "../throttling";
import { account, emailField, isEmail, isNewPassword, newPasswordField } from "./account";

export const signUp = endpoint(
  {
    id: "signUp",
    summary: "Create an account and sign in",
    body: z.object({ email: emailField, password: newPasswordField }),
    responses: { 201: { description: "The new account", body: account, headers: ["Set-Cookie"] } },
    errors: { 400: ["email-in-use"], 429: ["too-many-attempts"] },
  },
  isEmail(),
  isNewPassword("password"),
  async (req, res) => {
    const { email, password } = req.body;
    const address = req.ip ?? "";
    const network = rateLimitKey(address);
    // Rejected sign-ups count, too, because their responses reveal which emails have an account.
    await countAttempt(perHour("sign_ups_of_network", config.SIGNUPS_PER_HOUR), network);
    const perSite = perHour("sign_ups_of_site", config.SIGNUPS_PER_SITE_PER_HOUR);
    await countAttempt(perSite, rateLimitKey(address, 48));

    const hash = await signUpHashes.run(address, () => hashPassword(password));
    const user = new User({ email, canonicalEmail: canonicalEmail(email), password: hash });
    user.startsFrom(network);
    if (await mayBeMailed("verification", email)) user.startsVerification();
    user.recordNothing("other services know a user by the session");
    try {
      await user.save();
    } catch (error) {
      const isInUse = isDuplicateKey(error, "email") || isDuplicateKey(error, "canonicalEmail");
      throw isInUse ? inUse() : error;
    }
    sendMails.verification.kick();
    openSession(req, user.toAccount());
    res.status(201).json(user.toAccount());
  },
);

const inUse = () => new BadRequestError("email-in-use", "An account with this email already exists", "email");
