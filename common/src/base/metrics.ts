import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from "prom-client";

const latencyBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export const metrics = {
  httpDuration: new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to respond, by route template",
    labelNames: ["method", "route", "status"],
    buckets: latencyBuckets,
  }),
  eventsPublished: new Counter({
    name: "events_published_total",
    help: "Events that the broker has stored",
    labelNames: ["subject"],
  }),
  eventsConsumed: new Counter({
    name: "events_consumed_total",
    help: "Deliveries by outcome: done, deadLettered or left for redelivery",
    labelNames: ["subject", "outcome"],
  }),
  eventsRedelivered: new Counter({
    name: "events_redelivered_total",
    help: "Redeliveries",
    labelNames: ["subject"],
  }),
  eventLag: new Histogram({
    name: "event_lag_seconds",
    help: "Time from a change to the delivery of its event",
    labelNames: ["subject"],
    buckets: latencyBuckets,
  }),
  outboxOldest: new Gauge({
    name: "outbox_oldest_event_seconds",
    help: "Age of the oldest unpublished event; 0 if there is none",
    labelNames: ["collection"],
  }),
  undeliveredOldest: new Gauge({
    name: "undelivered_oldest_event_seconds",
    help: "How long the oldest event that this service has not acknowledged has been in the broker; 0 if there is none",
    labelNames: ["subject"],
  }),
  deadLetters: new Gauge({ name: "dead_letters", help: "Dead letters that this service keeps" }),
  openStreams: new Gauge({
    name: "open_streams",
    help: "Open streams of server-sent events in this process",
  }),
  streamsRefused: new Counter({
    name: "streams_refused_total",
    help: "Streams rejected, by the limit that was reached: user, network, site or process",
    labelNames: ["limit"],
  }),
  storeReady: new Gauge({
    name: "store_ready",
    help: "1 while the service's own store responds; for a database, its primary",
  }),
  unhealthyMembers: new Gauge({
    name: "store_members_unhealthy",
    help: "Members of the service's own database that are unhealthy and cannot become primary",
  }),
  measuredAt: new Gauge({
    name: "backlog_measured_timestamp_seconds",
    help: "When all backlogs were last measured: the outbox, dead letters, undelivered events, and what the service itself measures",
  }),
  storeVolumeUsed: new Gauge({
    name: "store_volume_used_ratio",
    help: "The used fraction of the volume of the service's own database, from 0 to 1",
  }),
  brokerStored: new Gauge({
    name: "broker_stored_bytes",
    help: "The size of all events that the broker has stored",
  }),
  busConnected: new Gauge({ name: "bus_connected", help: "1 while the broker is connected" }),
};

// Initialized with 0, so that the first increment is visible as an increase.
for (const limit of ["user", "network", "site", "process"]) metrics.streamsRefused.inc({ limit }, 0);

/** The Prometheus exposition of this process. */
export const exposeMetrics = (): Promise<string> => register.metrics();
export const metricsContentType = register.contentType;

export function collectProcessMetrics(): void {
  // Each sample of the event loop wakes the process: every 10 ms, as by default, costs an idle one 0.8% of a core.
  collectDefaultMetrics({ eventLoopMonitoringPrecision: 100 });
}
