import { endpoint, named } from "@eventhive/common";
import { z } from "zod";
import { ownAccount } from "./own-account";

const verification = named("Verification", z.object({ emailVerified: z.boolean() }), { emailVerified: true });

/** Not part of the current user, which every page reads: that follows from the token, without the database. */
export const showVerification = endpoint(
  {
    id: "showVerification",
    summary: "Whether the account's email address is verified",
    needsSession: true,
    responses: { 200: { description: "The state of the verification", body: verification } },
  },
  async (req, res) => {
    const { emailVerified } = await ownAccount(req);
    res.json({ emailVerified: emailVerified === true });
  },
);
