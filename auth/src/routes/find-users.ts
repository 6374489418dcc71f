import { endpoint } from "@eventhive/common";
import { z } from "zod";
import { findByEmail } from "../models/user";
import { currentAdmin, managedUser, toManagedUser } from "./managed-user";

const emailRule = "The email must have 1 to 320 characters";

export const findUsers = endpoint(
  {
    id: "findUsers",
    summary: "Find an account by its email, as an administrator",
    needsSession: true,
    query: z.object({
      email: z
        .string({ error: emailRule })
        .trim()
        .min(1, emailRule)
        .max(320, emailRule)
        .meta({ examples: ["alice@example.com"] }),
    }),
    responses: { 200: { description: "The account, if there is one", body: z.array(managedUser) } },
    errors: { 403: ["not-admin"] },
  },
  async (req, res) => {
    await currentAdmin(req);
    const user = await findByEmail(req.query.email?.trim() ?? "");
    res.json(user ? [toManagedUser(user)] : []);
  },
);
