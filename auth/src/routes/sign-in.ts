import { BannedError, endpoint, rateLimitKey, signIn as openSession } from "@eventhive/common";
import { z } from "zod";
import { InvalidCredentialsError, checkPassword } from "../check-password";
import { User, findByEmail, rememberNetwork } from "../models/user";
import { account, emailField, isEmail, passwordField } from "./account";

export const signIn = endpoint(
  {
    id: "signIn",
    summary: "Sign in",
    body: z.object({ email: emailField, password: passwordField }),
    responses: { 200: { description: "The account", body: account, headers: ["Set-Cookie"] } },
    errors: { 400: ["invalid-credentials"], 403: ["banned"], 429: ["too-many-attempts"] },
  },
  isEmail(),
  async (req, res) => {
    const { email, password } = req.body;
    const address = req.ip ?? "";
    const user = await checkPassword(await findByEmail(email), { email, password, address });
    const sessionEpoch = await rememberNetwork(user, rateLimitKey(address));
    if (sessionEpoch === undefined)
      throw (await User.exists({ _id: user.id, banned: true }))
        ? new BannedError()
        : new InvalidCredentialsError();
    openSession(req, user.toAccount(), sessionEpoch);
    res.json(user.toAccount());
  },
);
