import { keepUserAccess } from "@eventhive/common";
import { database } from "./database";
import { withdrawTicketsOf } from "./withdraw-tickets-of";

export const access = keepUserAccess(database, {
  endFor: (userIds, _reason, options) => withdrawTicketsOf(userIds, options),
});
