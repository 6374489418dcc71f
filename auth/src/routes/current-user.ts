import { endpoint, findCurrentUser, named } from "@eventhive/common";
import { z } from "zod";
import { account } from "./account";

const currentUserBody = named("CurrentUser", z.object({ currentUser: account.nullable() }), {
  currentUser: { id: "6553f1000000000000000004", email: "alice@example.com" },
});

export const currentUser = endpoint(
  {
    id: "currentUser",
    summary: "The current user",
    responses: { 200: { description: "The account, or null", body: currentUserBody } },
  },
  (req, res) => {
    res.json({ currentUser: findCurrentUser(req) ?? null });
  },
);
