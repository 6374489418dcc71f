import { listener } from "@eventhive/common";
import { removeExpiration } from "../expirations";

export const orderCancelled = listener("order:cancelled", ({ id }) => removeExpiration(id));
