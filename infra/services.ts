import { existsSync } from "node:fs";
import { join } from "node:path";
import { workspaces } from "../package.json";

/** The services: all workspaces except common and client. */
export const serviceNames = workspaces.filter((name) => !["common", "client"].includes(name));

/** The services with a database. */
export const databaseServices = serviceNames.filter((name) =>
  existsSync(join(__dirname, "..", name, "src/database.ts")),
);
