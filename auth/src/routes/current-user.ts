import { endpoint, findCurrentUser } from "@eventhive/common";
import { z } from "zod";
import { account } from "./account";

export const currentUser = endpoint(
  {
    id: "currentUser",
    summary: "The current user",
    responses: {
      200: {
        description: "The account, or null",
        body: z.object({ currentUser: account.nullable() }),
      },
    },
  },
  (req, res) => {
    res.json({ currentUser: findCurrentUser(req) ?? null });
  },
);
