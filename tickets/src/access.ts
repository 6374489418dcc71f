import { keepUserAccess } from "@eventhive/common";
import { database } from "./database";

export const access = keepUserAccess(database);
