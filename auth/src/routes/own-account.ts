import { currentUser, sessionEpochOf } from "@eventhive/common";
import type { Request } from "express";
import { type User, findUserOfSession } from "../models/user";

/** The account that sends the request, as the database has it. */
export const ownAccount = (req: Request): Promise<User> =>
  findUserOfSession(currentUser(req).id, sessionEpochOf(req));
