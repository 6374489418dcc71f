import { createDatabase } from "@eventhive/common";

export const database = createDatabase("payments");
