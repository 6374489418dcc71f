import { BadRequestError, signIn as openSession, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { signInHashes } from "../hashing-queue";
import { findByCredentials } from "../models/user";
import { throttled } from "../throttling";

interface SignInBody {
  email: string;
  password: string;
}

export const signIn: RequestHandler[] = [
  body("email", "A valid e-mail is required").isString().bail().isEmail(),
  body("password", "A password is required").isString().bail().notEmpty(),
  validateRequest,
  async (req, res) => {
    const { email, password }: SignInBody = req.body;
    const address = req.ip ?? "";
    const user = await throttled(email, address, () =>
      signInHashes.run(address, () => findByCredentials(email, password)),
    );
    if (!user) throw new BadRequestError("invalid-credentials", "The e-mail or the password is wrong");
    openSession(req, user.publicState());
    res.json(user.publicState());
  },
];
