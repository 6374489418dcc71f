import { listener } from "@eventhive/common";
import { removeExpiration } from "../expirations";

export const orderCompleted = listener("order:completed", ({ id }) => removeExpiration(id));
