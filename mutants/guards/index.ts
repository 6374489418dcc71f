import type { Mutant } from "../mutant";
import { auth } from "./auth";
import { backup } from "./backup";
import { bridge } from "./bridge";
import { charges } from "./charges";
import { database } from "./database";
import { deadLetters } from "./dead-letters";
import { paymentIntents } from "./intents";
import { jetStream } from "./jetstream";
import { mail } from "./mail";
import { natsStreaming } from "./nats-streaming";
import { orders } from "./orders";
import { payments } from "./payments";
import { rebuilding } from "./rebuild";
import { reconciliation } from "./reconciliation";
import { running } from "./running";
import { streaming } from "./streams";
import { tickets } from "./tickets";
import { timers } from "./timers";

export const guards: Mutant[] = [
  ...auth,
  ...mail,
  ...orders,
  ...payments,
  ...charges,
  ...paymentIntents,
  ...reconciliation,
  ...tickets,
  ...timers,
  ...database,
  ...rebuilding,
  ...natsStreaming,
  ...jetStream,
  ...bridge,
  ...deadLetters,
  ...running,
  ...streaming,
  ...backup,
];
