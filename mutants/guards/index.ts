import type { Mutant } from "../mutant";
import { auth } from "./auth";
import { database } from "./database";
import { messaging } from "./messaging";
import { orders } from "./orders";
import { payments } from "./payments";
import { running } from "./running";
import { streaming } from "./streams";
import { tickets } from "./tickets";

export const guards: Mutant[] = [
  ...auth,
  ...orders,
  ...payments,
  ...tickets,
  ...database,
  ...messaging,
  ...running,
  ...streaming,
];
