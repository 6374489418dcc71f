import { createDatabase } from "@eventhive/common";

export const database = createDatabase("tickets");
