import { events, resource } from "@eventhive/common";

/** An order as responses show it. */
export const orderResource = resource("order:updated");

/** An order as streams and events show it. */
export const orderState = events["order:updated"];
