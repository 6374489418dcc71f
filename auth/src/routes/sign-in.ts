import {
  BadRequestError,
  BannedError,
  endpoint,
  rateLimitKey,
  signIn as openSession,
} from "@eventhive/common";
import { z } from "zod";
import { canonicalEmail } from "../canonical-email";
import { signInHashes } from "../hashing-queue";
import { findByEmail, hasPassword, rememberNetwork } from "../models/user";
import { throttled } from "../throttling";
import { account, emailField, isEmail } from "./account";

const passwordRule = "A password is required";

export const signIn = endpoint(
  {
    id: "signIn",
    summary: "Sign in",
    body: z.object({ email: emailField, password: z.string({ error: passwordRule }).min(1, passwordRule) }),
    responses: { 200: { description: "The account", body: account, headers: ["Set-Cookie"] } },
    errors: { 400: ["invalid-credentials"], 403: ["banned"], 429: ["too-many-attempts"] },
  },
  isEmail(),
  async (req, res) => {
    const { email, password } = req.body;
    const address = req.ip ?? "";
    const network = rateLimitKey(address);
    const user = await findByEmail(email);
    const isRight = await throttled(
      { email: canonicalEmail(email), network, isKnownNetwork: user?.knows(network) ?? false },
      () => signInHashes.run(address, () => hasPassword(user, password)),
    );
    if (!user || !isRight) throw new BadRequestError("invalid-credentials", "Incorrect email or password");
    const sessionEpoch = await rememberNetwork(user, network);
    if (sessionEpoch === undefined) throw new BannedError();
    openSession(req, user.toAccount(), sessionEpoch);
    res.json(user.toAccount());
  },
);
