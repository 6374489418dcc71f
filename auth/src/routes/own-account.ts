import { currentUser, sessionEpochOf } from "@eventhive/common";
import type { Request } from "express";
import { type User, findUserOfSession } from "../models/user";

/** The account that sent the request, from the database. */
export const ownAccount = (req: Request): Promise<User> =>
  findUserOfSession(currentUser(req).id, sessionEpochOf(req));
