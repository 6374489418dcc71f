import { endpoint, retryOnConflict } from "@eventhive/common";
import { findUser } from "../models/user";
import { currentAdmin, managedUser, toManagedUser } from "./managed-user";

export const unbanUser = endpoint(
  {
    id: "unbanUser",
    summary: "End the ban of a user, as an administrator",
    needsSession: true,
    responses: { 200: { description: "The account", body: managedUser } },
    errors: { 403: ["not-admin"], 404: ["not-found"], 409: ["changed"] },
  },
  async (req, res) => {
    const admin = await currentAdmin(req);
    const user = await retryOnConflict(async () => {
      const found = await findUser(req.params.userId);
      if (found.unban(admin.email)) await found.save();
      return found;
    });
    res.json(toManagedUser(user));
  },
);
