import { keepUserAccess } from "@eventhive/common";
import { cancelOrdersOf } from "./cancel-orders-of";
import { database } from "./database";

export const access = keepUserAccess(database, { endFor: cancelOrdersOf });
