import { endpoint } from "@eventhive/common";
import { z } from "zod";
import { verifyEmail } from "../models/email-link";
import { throttledByAddress } from "../throttling";
import { invalidLink, tokenField } from "./account";

/** Needs no session: the link may be opened on another device. */
export const confirmVerification = endpoint(
  {
    id: "confirmVerification",
    summary: "Verify an email address with the token from an email",
    body: z.object({ token: tokenField }),
    responses: { 204: { description: "The email address is verified" } },
    errors: { 400: ["invalid-link"], 429: ["too-many-attempts"] },
  },
  async (req, res) => {
    const { token } = req.body;
    const isVerified = await throttledByAddress(req.ip ?? "", () => verifyEmail(token));
    if (!isVerified) throw invalidLink();
    res.sendStatus(204);
  },
);
