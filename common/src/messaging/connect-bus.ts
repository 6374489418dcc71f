import { choice, settings, text, url } from "../base/settings";
import type { EventBus } from "./event-bus";
import { jetStreamBus } from "./jetstream/bus";
import { natsStreamingBus } from "./nats-streaming/bus";

const brokers = {
  "nats-streaming": (name: string) =>
    natsStreamingBus({
      name,
      url: config.NATS_URL,
      monitorUrl: config.NATS_MONITOR_URL,
      clusterId: config.NATS_CLUSTER_ID,
    }),
  jetstream: (name: string) => jetStreamBus({ name, url: config.NATS_URL }),
};

const config = settings({
  BROKER: choice("nats-streaming", "jetstream").default("nats-streaming"),
  NATS_URL: url(),
  /** Of NATS Streaming. */
  NATS_CLUSTER_ID: text().default("eventhive"),
  /** NATS Streaming's monitoring endpoint; without it, the age of undelivered events is not measured there. */
  NATS_MONITOR_URL: url().optional(),
});

/** The bus of a service on the broker that the settings name. */
export const connectBus = (service: string): EventBus => brokers[config.BROKER](service);
