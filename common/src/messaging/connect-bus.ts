import { choices, servers, settings, text, url, wholeNumber } from "../base/settings";
import { combinedBus } from "./combined-bus";
import type { EventBus } from "./event-bus";
import type * as jetStream from "./jetstream/bus";
import type * as natsStreaming from "./nats-streaming/bus";

/** Not imported, because a service needs the client of its own broker only, and each takes some megabytes. */
const load = {
  "nats-streaming": (): typeof natsStreaming => require("./nats-streaming/bus"),
  jetstream: (): typeof jetStream => require("./jetstream/bus"),
};

const connect = {
  "nats-streaming": (name: string) =>
    load["nats-streaming"]().natsStreamingBus({
      name,
      url: config.NATS_URL,
      monitorUrl: config.NATS_MONITOR_URL,
      clusterId: config.NATS_CLUSTER_ID,
    }),
  jetstream: (name: string) =>
    load.jetstream().jetStreamBus({
      name,
      url: config.JETSTREAM_URL ?? config.NATS_URL,
      credentials: config.JETSTREAM_CREDENTIALS,
      replicas: config.JETSTREAM_REPLICAS,
    }),
};

const config = settings({
  /** Several during a migration: events are published on the first, and received from all. */
  BROKER: choices("nats-streaming", "jetstream").default(["nats-streaming"]),
  NATS_URL: servers(),
  /** The address of JetStream, if it is not NATS_URL. */
  JETSTREAM_URL: servers().optional(),
  /** For JetStream, where each service is its own user: an nkey's seed, or the content of a credentials file. */
  JETSTREAM_CREDENTIALS: text().optional(),
  /** How many of JetStream's servers store each event, for a stream that does not exist yet. */
  JETSTREAM_REPLICAS: wholeNumber().default(1),
  /** For NATS Streaming. */
  NATS_CLUSTER_ID: text().default("eventhive"),
  /** NATS Streaming's monitoring endpoint; without it, the age of undelivered events is not measured there. */
  NATS_MONITOR_URL: url().optional(),
});

/** The bus of a service on the brokers that the settings name. */
export function connectBus(service: string): EventBus {
  const [first, ...others] = config.BROKER;
  if (others.length === 0) return connect[first](service);
  return combinedBus(connect[first](service), ...others.map((broker) => connect[broker](service)));
}

/** A bus of `name` on each broker, for the bridge between them. */
export const connectAll = (name: string): [EventBus, EventBus] => [
  connect["nats-streaming"](name),
  connect.jetstream(name),
];
