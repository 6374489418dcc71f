import { BadRequestError, endpoint, retryOnConflict } from "@eventhive/common";
import { z } from "zod";
import { findUser } from "../models/user";
import { currentAdmin, managedUser, toManagedUser } from "./managed-user";

const reasonRule = "The reason must have 1 to 500 characters";

/** A user who is already banned stays banned, with the first reason. */
export const banUser = endpoint(
  {
    id: "banUser",
    summary: "Ban a user, as an administrator",
    needsSession: true,
    body: z.object({
      reason: z
        .string({ error: reasonRule })
        .trim()
        .min(1, reasonRule)
        .max(500, reasonRule)
        .meta({ examples: ["Sold a ticket twice"] }),
    }),
    responses: { 200: { description: "The account", body: managedUser } },
    errors: { 400: ["own-account"], 403: ["not-admin"], 404: ["not-found"], 409: ["changed"] },
  },
  async (req, res) => {
    const admin = await currentAdmin(req);
    const user = await retryOnConflict(async () => {
      const found = await findUser(req.params.userId);
      if (found.id === admin.id) throw new BadRequestError("own-account", "You cannot ban yourself");
      if (found.ban(admin.email, req.body.reason)) await found.save();
      return found;
    });
    res.json(toManagedUser(user));
  },
);
