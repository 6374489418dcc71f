import { endpoint } from "@eventhive/common";
import { z } from "zod";
import { ownAccount } from "./own-account";

/** Not part of the current user, which every page reads: that follows from the token, without the database. */
export const showVerification = endpoint(
  {
    id: "showVerification",
    summary: "Whether the account's email address is verified",
    needsSession: true,
    responses: {
      200: { description: "The state of the verification", body: z.object({ emailVerified: z.boolean() }) },
    },
  },
  async (req, res) => {
    const { emailVerified } = await ownAccount(req);
    res.json({ emailVerified: emailVerified === true });
  },
);
