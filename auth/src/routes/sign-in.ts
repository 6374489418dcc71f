import { BadRequestError, rateLimitKey, signIn as openSession, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { canonicalEmail } from "../canonical-email";
import { signInHashes } from "../hashing-queue";
import { findByEmail, hasPassword, rememberNetwork } from "../models/user";
import { throttled } from "../throttling";

interface SignInBody {
  email: string;
  password: string;
}

export const signIn: RequestHandler[] = [
  body("email", "A valid email is required").isString().bail().isEmail(),
  body("password", "A password is required").isString().bail().notEmpty(),
  validateRequest,
  async (req, res) => {
    const { email, password }: SignInBody = req.body;
    const address = req.ip ?? "";
    const network = rateLimitKey(address);
    const user = await findByEmail(email);
    const isRight = await throttled(
      { email: canonicalEmail(email), network, isKnownNetwork: user?.knows(network) ?? false },
      () => signInHashes.run(address, () => hasPassword(user, password)),
    );
    if (!user || !isRight) throw new BadRequestError("invalid-credentials", "Incorrect email or password");
    await rememberNetwork(user, network);
    openSession(req, user.publicState());
    res.json(user.publicState());
  },
];
