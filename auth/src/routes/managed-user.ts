import { ForbiddenError, NotAuthenticatedError, currentUser, named, sessionEpochOf } from "@eventhive/common";
import type { Request } from "express";
import { z } from "zod";
import { User, notBanned } from "../models/user";

const banChange = z.object({
  banned: z.boolean(),
  at: z.iso.datetime(),
  by: z.string().describe("The email of the administrator, or `deleted account`"),
  reason: z.string().optional(),
});

/** An account as administrators see it. */
export const managedUser = named(
  "ManagedUser",
  z.object({
    id: z.string().regex(/^[0-9a-f]{24}$/),
    email: z.string(),
    createdAt: z.iso.datetime(),
    banned: z.boolean(),
    banChanges: z.array(banChange).describe("Oldest first"),
  }),
  {
    id: "6553f1000000000000000004",
    email: "alice@example.com",
    createdAt: "2026-11-20T10:00:00.000Z",
    banned: true,
    banChanges: [
      { banned: true, at: "2026-11-21T10:00:00.000Z", by: "bob@example.com", reason: "Sells forged tickets" },
    ],
  },
);

export const toManagedUser = ({ id, email, createdAt, banned, banChanges }: User) => ({
  id,
  email,
  createdAt,
  banned,
  banChanges,
});

/**
 * The administrator who sent the request. Read from the database each time: a token outlives a revoked role.
 * @throws NotAuthenticatedError if the session was ended, ForbiddenError for everyone else
 */
export async function currentAdmin(req: Request): Promise<User> {
  const admin = await User.findOne({ _id: currentUser(req).id, isAdmin: true, ...notBanned() });
  if (!admin) throw new ForbiddenError("Only administrators may do this", "not-admin");
  if (!admin.accepts(sessionEpochOf(req))) throw new NotAuthenticatedError();
  return admin;
}
