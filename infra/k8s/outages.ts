import { databaseServices, serviceNames } from "../services";
import {
  type Samples,
  ages,
  always,
  appearsAfterwards,
  changes,
  counts,
  disappears,
  flaps,
  never,
  now,
  once,
  stops,
} from "./samples";

export interface Outage {
  outage: string;
  /** Labels of the alert, including its name. */
  alert: Record<string, string> & { alertname: string };
  /** Other alerts that the outage also raises. */
  also?: string[];
  series: Record<string, Samples>;
  /** In seconds from the first scrape that shows the outage. */
  firesAfter: number;
  /** In seconds from the first scrape that shows its end; immediately by default. */
  resolvesAfter?: number;
  lastsSeconds?: number;
  /** The healthy time before the outage, for alerts that look back, and the time observed after it. */
  marginSeconds?: number;
  /** The interval of scrapes and evaluations; longer for outages of hours or days. */
  stepSeconds?: number;
}

export const marginSeconds = 600;
export const durationSeconds = 1200;

const pages = ["/", "/api/users/currentuser", "/api/tickets", "/api/orders", "/api/payments"];
const each = (names: string[], series: (name: string) => string, samples: Samples) =>
  Object.fromEntries(names.map((name) => [series(name), samples]));

const probe = (page: string) => `{job="eventhive-site", instance="https://eventhive.example.com${page}"}`;
const inPod = (pod: string) => (app: string) => `{app="${app}", pod="${app}-${pod}"}`;
const allPods = (metric: string, names: string[], samples: Samples) => ({
  ...each(names, (app) => `${metric}${inPod("1")(app)}`, samples),
  ...each(names, (app) => `${metric}${inPod("2")(app)}`, samples),
});
const up = (names: string[], samples: Samples) =>
  each(
    names.flatMap((app) => [`app="${app}", pod="1"`, `app="${app}", pod="2"`]),
    (labels) => `up{namespace="eventhive", ${labels}}`,
    samples,
  );
const requests = (app: string, status: number) =>
  `http_request_duration_seconds_count{app="${app}", method="GET", route="/", status="${status}"}`;
const purchases = (app: string, status = 201) =>
  `http_request_duration_seconds_count{app="${app}", method="POST", route="/api/${app}", status="${status}"}`;
const fastPurchases = (app: string, status = 201) =>
  `http_request_duration_seconds_bucket{app="${app}", method="POST", route="/api/${app}", status="${status}", le="2.5"}`;
const availableClients = `kube_deployment_status_replicas_available{namespace="eventhive", deployment="client"}`;
const bridgeCreated = `kube_deployment_created{namespace="eventhive", deployment="bridge"}`;
const jetStream = (metric: string) =>
  `kube_statefulset_${metric}{namespace="eventhive", statefulset="jetstream"}`;
const claimOf = (broker: string) =>
  `kube_persistentvolumeclaim_resource_requests_storage_bytes{namespace="eventhive", persistentvolumeclaim="data-${broker}-0"}`;
const cronJob = `{namespace="eventhive", cronjob="backup-orders"}`;
const cronJobCreated = (service: string) =>
  `kube_cronjob_created{namespace="eventhive", cronjob="backup-${service}"}`;
const hours = (count: number) => count * 3600;
const days = (count: number) => count * 86_400;

/** The time series of a healthy system. */
export const healthy: Record<string, Samples> = {
  ...each(pages, (page) => `probe_success${probe(page)}`, always(1)),
  ...each(pages, (page) => `probe_ssl_earliest_cert_expiry${probe(page)}`, always(days(60))),
  ...up(serviceNames, always(1)),
  [availableClients]: always(2),
  ...allPods("store_ready", serviceNames, always(1)),
  ...allPods("store_members_unhealthy", databaseServices, always(0)),
  ...allPods("bus_connected", serviceNames, always(1)),
  ...allPods("dead_letters", serviceNames, always(0)),
  ...allPods("backlog_measured_timestamp_seconds", serviceNames, now),
  ...each(serviceNames, (app) => requests(app, 200), counts(10)),
  ...each(serviceNames, (app) => requests(app, 500), counts(0)),
  ...each(["orders", "payments"], (app) => purchases(app), counts(1)),
  ...each(["orders", "payments"], (app) => fastPurchases(app), counts(1)),
  [purchases("orders", 400)]: counts(20), // refused, which is fast
  [fastPurchases("orders", 400)]: counts(20),
  ...each(
    ["authorizing", "challenged", "authorized", "capturing", "voiding", "charging", "charged", "refunding"],
    (state) => `payments_unfinished_seconds{state="${state}"}`,
    always(0),
  ),
  payments_hold_seconds: always(0),
  payments_webhook_configured: always(1),
  'payments_total{state="capturing"}': counts(1),
  'payments_webhooks_total{outcome="accepted"}': counts(2),
  orders_overdue_seconds: always(0),
  ...each(
    ["hourly", "daily"],
    (schedule) => `payments_comparison_overdue_seconds{schedule="${schedule}"}`,
    always(0),
  ),
  [claimOf("nats")]: always(5 * 2 ** 30),
  [`kube_cronjob_status_last_successful_time${cronJob}`]: now,
  ...each(databaseServices, cronJobCreated, now),
};

/** Burn rates look back over 6 hours, or 3 days. */
const overHours = { marginSeconds: hours(7), stepSeconds: 60 };
const overDays = { marginSeconds: days(3), lastsSeconds: days(2), stepSeconds: 900 };

const storeOf = (app: string, store: string): Outage => ({
  outage: `the ${store} of ${app} does not respond`,
  alert: { alertname: "StoreDown", app },
  // The pods are not ready, so the gateway has no backend.
  also: app === "expiration" ? [] : ["SiteDown"],
  series: {
    ...allPods("store_ready", [app], changes(1, 0)),
    ...(app === "expiration" ? {} : { [`probe_success${probe(pageOf(app))}`]: changes(1, 0) }),
  },
  firesAfter: 60,
});
const pageOf = (app: string) => (app === "auth" ? "/api/users/currentuser" : `/api/${app}`);

const serviceOf = (app: string): Outage => ({
  outage: `no process of ${app} responds`,
  alert: { alertname: "ServiceDown", app },
  series: up([app], changes(1, 0)),
  firesAfter: 60,
});

export const outages: Outage[] = [
  ...databaseServices.map((app) => storeOf(app, "MongoDB")),
  storeOf("expiration", "Redis"),
  {
    outage: "one of three members of a MongoDB is down, recovering or behind",
    alert: { alertname: "StoreDegraded", app: "orders", severity: "warning" },
    series: allPods("store_members_unhealthy", ["orders"], changes(0, 1)),
    firesAfter: 300,
  },
  {
    outage: "one of three servers of JetStream is down or copies data",
    alert: { alertname: "StoreDegraded", app: "jetstream", severity: "warning" },
    series: { [jetStream("replicas")]: always(3), [jetStream("status_replicas_ready")]: changes(3, 2) },
    firesAfter: 300,
  },
  {
    outage: "two of three servers of JetStream are down",
    alert: { alertname: "OutboxStuck", app: "orders", collection: "orders" },
    series: {
      [jetStream("replicas")]: always(3),
      [jetStream("status_replicas_ready")]: changes(3, 1),
      'outbox_oldest_event_seconds{app="orders", collection="orders"}': ages,
    },
    firesAfter: 135,
  },
  {
    outage: "the broker is down",
    alert: { alertname: "BrokerDown", app: "orders" },
    also: ["OutboxStuck"],
    series: {
      ...allPods("bus_connected", serviceNames, changes(1, 0)),
      'outbox_oldest_event_seconds{app="orders", collection="orders"}': ages,
    },
    firesAfter: 60,
  },
  ...serviceNames.map(serviceOf),
  {
    outage: "orders has no pod",
    alert: { alertname: "ServiceDown", app: "orders" },
    series: up(["orders"], disappears(1)),
    firesAfter: 60,
  },
  {
    outage: "no pod of the client is available",
    alert: { alertname: "ServiceDown", app: "client" },
    also: ["SiteDown"],
    series: { [availableClients]: changes(2, 0), [`probe_success${probe("/")}`]: changes(1, 0) },
    firesAfter: 60,
  },
  {
    outage: "no process of the bridge responds during a migration",
    alert: { alertname: "ServiceDown", app: "bridge" },
    series: { [bridgeCreated]: always(0), ...up(["bridge"], changes(1, 0)) },
    firesAfter: 60,
  },
  {
    outage: "the bridge has no pod during a migration",
    alert: { alertname: "ServiceDown", app: "bridge" },
    series: { [bridgeCreated]: always(0), ...up(["bridge"], disappears(1)) },
    firesAfter: 60,
  },
  {
    outage: "the gateway, the load balancer or DNS is down",
    alert: { alertname: "SiteDown", instance: "https://eventhive.example.com/api/tickets" },
    series: each(pages, (page) => `probe_success${probe(page)}`, changes(1, 0)),
    firesAfter: 60,
  },
  {
    outage: "one page is unreachable for 45 s of every 2 minutes",
    alert: { alertname: "SiteFlapping", instance: "https://eventhive.example.com/api/tickets" },
    series: { [`probe_success${probe("/api/tickets")}`]: flaps },
    firesAfter: 165,
    resolvesAfter: 360,
  },
  {
    outage: "nothing probes the site",
    alert: { alertname: "SiteDown", job: "eventhive-site" },
    series: each(pages, (page) => `probe_success${probe(page)}`, disappears(1)),
    firesAfter: 60,
  },
  {
    outage: "a consumer receives no events although events are published",
    alert: { alertname: "EventLagHigh", app: "payments", subject: "order:created", severity: "critical" },
    series: {
      'undelivered_oldest_event_seconds{app="payments", pod="1", subject="order:created"}': ages,
      'undelivered_oldest_event_seconds{app="payments", pod="2", subject="order:created"}': ages,
    },
    firesAfter: 135,
  },
  {
    outage: "1 in 20 events reaches a consumer more than 10 s late",
    alert: { alertname: "EventLagHigh", app: "payments", subject: "order:created", severity: "warning" },
    series: {
      'event_lag_seconds_bucket{app="payments", subject="order:created", le="10"}': counts(1, 0.95),
      'event_lag_seconds_bucket{app="payments", subject="order:created", le="20"}': counts(1),
      'event_lag_seconds_bucket{app="payments", subject="order:created", le="+Inf"}': counts(1),
    },
    firesAfter: 375,
    resolvesAfter: 240,
  },
  {
    outage: "one event is never handled, while all others are",
    alert: { alertname: "EventsRedelivered", app: "orders", subject: "ticket:updated", severity: "warning" },
    series: {
      'events_consumed_total{app="orders", subject="ticket:updated", outcome="left"}': counts(0, 1 / 30),
    },
    firesAfter: 915,
    resolvesAfter: 300,
  },
  {
    outage: "the broker's monitoring does not respond to orders",
    alert: { alertname: "BacklogUnknown", app: "orders", severity: "warning" },
    series: allPods("backlog_measured_timestamp_seconds", ["orders"], stops),
    firesAfter: 180,
  },
  {
    outage: "a dead letter is stored",
    alert: { alertname: "DeadLetters", app: "tickets" },
    series: allPods("dead_letters", ["tickets"], changes(0, 1)),
    firesAfter: 0,
  },
  {
    outage: "events remain in an outbox",
    alert: { alertname: "OutboxStuck", app: "orders", collection: "orders" },
    series: { 'outbox_oldest_event_seconds{app="orders", collection="orders"}': ages },
    firesAfter: 135,
  },
  {
    outage: "every request to tickets fails",
    alert: { alertname: "HighErrorRate", app: "tickets", severity: "critical" },
    series: { [requests("tickets", 200)]: counts(10, 0), [requests("tickets", 500)]: counts(0, 10) },
    firesAfter: 60,
    resolvesAfter: 1800,
    ...overHours,
    lastsSeconds: 1800,
  },
  {
    outage: "1 in 50 requests to tickets fails",
    alert: { alertname: "HighErrorRate", app: "tickets", severity: "critical" },
    series: { [requests("tickets", 200)]: counts(10, 9.8), [requests("tickets", 500)]: counts(0, 0.2) },
    firesAfter: 2640,
    resolvesAfter: 120,
    ...overHours,
    lastsSeconds: hours(1),
  },
  {
    outage: "1 in 100 requests to tickets fails",
    alert: { alertname: "HighErrorRate", app: "tickets", severity: "critical" },
    series: { [requests("tickets", 200)]: counts(10, 9.9), [requests("tickets", 500)]: counts(0, 0.1) },
    firesAfter: 13200,
    resolvesAfter: 900,
    ...overHours,
    lastsSeconds: hours(5),
    stepSeconds: 300,
  },
  {
    outage: "1 in 250 requests to tickets fails",
    alert: { alertname: "HighErrorRate", app: "tickets", severity: "warning" },
    series: { [requests("tickets", 200)]: counts(10, 9.96), [requests("tickets", 500)]: counts(0, 0.04) },
    firesAfter: 65700,
    resolvesAfter: 16200,
    ...overDays,
  },
  {
    outage: "1 in 4 purchases takes longer than 2.5 s",
    alert: { alertname: "HighPurchaseLatency", severity: "critical" },
    series: { [fastPurchases("payments")]: counts(1, 0.5) },
    firesAfter: 2100,
    resolvesAfter: 180,
    ...overHours,
    lastsSeconds: hours(1),
  },
  {
    outage: "1 in 10 purchases takes longer than 2.5 s",
    alert: { alertname: "HighPurchaseLatency", severity: "critical" },
    series: { [fastPurchases("payments")]: counts(1, 0.8) },
    firesAfter: 13200,
    resolvesAfter: 900,
    ...overHours,
    lastsSeconds: hours(5),
    stepSeconds: 300,
  },
  {
    outage: "1 in 25 purchases takes longer than 2.5 s",
    alert: { alertname: "HighPurchaseLatency", severity: "warning" },
    series: { [fastPurchases("payments")]: counts(1, 0.92) },
    firesAfter: 65700,
    resolvesAfter: 17100,
    ...overDays,
  },
  {
    outage: "the certificate expires in less than 10 days",
    alert: { alertname: "CertificateExpiresSoon", instance: "https://eventhive.example.com/" },
    series: {
      [`probe_ssl_earliest_cert_expiry${probe("/")}`]: changes(days(60), days(10) + marginSeconds - 1),
    },
    firesAfter: 300,
  },
  {
    outage: "the volume of a MongoDB is 80% full",
    alert: { alertname: "VolumeFillingUp", app: "orders", severity: "warning" },
    series: allPods("store_volume_used_ratio", ["orders"], changes(0.1, 0.81)),
    firesAfter: 300,
  },
  {
    outage: "the volume of NATS Streaming is half full",
    alert: { alertname: "VolumeFillingUp", app: "nats", severity: "warning" },
    series: { 'broker_stored_bytes{app="orders", pod="orders-1"}': changes(1e6, 2.6 * 2 ** 30) },
    firesAfter: 300,
  },
  {
    outage: "the volume of JetStream is half full",
    alert: { alertname: "VolumeFillingUp", app: "nats", severity: "warning" },
    series: {
      [claimOf("nats")]: never,
      [claimOf("jetstream")]: always(5 * 2 ** 30),
      'broker_stored_bytes{app="orders", pod="orders-1"}': changes(1e6, 2.6 * 2 ** 30),
    },
    firesAfter: 300,
  },
  {
    outage: "the last complete backup is older than 3 hours",
    alert: { alertname: "BackupTooOld", cronjob: "backup-orders" },
    series: {
      [`kube_cronjob_status_last_successful_time${cronJob}`]: changes(0, marginSeconds - 1 - hours(3)),
    },
    firesAfter: 300,
  },
  {
    outage: "no backup has been completed within 3 hours of its installation",
    alert: { alertname: "BackupTooOld", cronjob: "backup-orders" },
    series: {
      [`kube_cronjob_status_last_successful_time${cronJob}`]: appearsAfterwards(
        marginSeconds + durationSeconds,
      ),
      [cronJobCreated("orders")]: always(marginSeconds - 1 - hours(3)),
    },
    firesAfter: 300,
  },
  ...databaseServices.map((service): Outage => ({
    outage: `the backup of ${service} does not exist, or kube-state-metrics does not report it`,
    alert: { alertname: "BackupTooOld", cronjob: `backup-${service}` },
    series: { [cronJobCreated(service)]: disappears(1e9) },
    firesAfter: 300,
  })),
  {
    outage: "expired reservations are not ended",
    alert: { alertname: "ReservationsOverdue" },
    series: { orders_overdue_seconds: ages },
    firesAfter: 105,
  },
  ...[
    { state: "charging", alertname: "ChargeOutcomeUnknown", outage: "the outcome of a charge is unknown" },
    { state: "charged", alertname: "ChargeUndecided", outage: "orders has not decided on a charge" },
    { state: "refunding", alertname: "RefundsFailing", outage: "a refund does not succeed" },
  ].map(({ state, alertname, outage }): Outage => ({
    outage,
    alert: { alertname },
    series: { [`payments_unfinished_seconds{state="${state}"}`]: ages },
    firesAfter: 915,
  })),
  ...[
    ...["authorizing", "challenged"].map((state) => ({
      state,
      alertname: "AuthorizationStuck",
      outage: `a payment remains ${state}`,
    })),
    { state: "voiding", alertname: "VoidsFailing", outage: "a void does not succeed" },
  ].map(({ state, alertname, outage }): Outage => ({
    outage,
    alert: { alertname },
    series: { [`payments_unfinished_seconds{state="${state}"}`]: ages },
    firesAfter: 615,
  })),
  {
    outage: "money is held for 10 minutes, whatever the state of the payment",
    alert: { alertname: "HoldTooOld" },
    series: { payments_hold_seconds: ages },
    firesAfter: 615,
  },
  {
    outage: "webhooks have an invalid signature",
    alert: { alertname: "WebhooksRejected" },
    series: { 'payments_webhooks_total{outcome="rejected"}': counts(0, 1) },
    firesAfter: 315,
    resolvesAfter: 300,
  },
  {
    outage: "no webhooks arrive although payments are captured",
    alert: { alertname: "WebhooksMissing", severity: "warning" },
    series: { 'payments_webhooks_total{outcome="accepted"}': counts(2, 0) },
    firesAfter: 4200,
    resolvesAfter: 60,
    marginSeconds: hours(2),
    lastsSeconds: hours(2),
    stepSeconds: 60,
  },
  {
    outage: "a card was charged within the last hour after its payment had failed",
    alert: { alertname: "LateCharges" },
    series: { payments_late_charges_total: once },
    firesAfter: 0,
    lastsSeconds: hours(1),
  },
  {
    outage: "the charge of a sold ticket was disputed, or refunded in Stripe's dashboard",
    alert: { alertname: "ChargesChangedAtStripe", change: "dispute" },
    series: { 'payments_external_changes_total{change="dispute"}': once },
    firesAfter: 0,
    lastsSeconds: hours(2),
    stepSeconds: 60,
  },
  {
    outage: "payments and Stripe differ",
    alert: { alertname: "PaymentsDifferFromStripe", difference: "charged_twice" },
    series: { 'payments_differences_total{difference="charged_twice"}': once },
    firesAfter: 0,
    lastsSeconds: hours(2),
    stepSeconds: 60,
  },
  {
    outage: "one network tries many cards",
    alert: { alertname: "CardTestingSuspected", severity: "warning" },
    series: { 'payment_cards_refused_total{app="payments", limit="cards_of_network"}': counts(0, 1) },
    firesAfter: 315,
    resolvesAfter: 300,
  },
  {
    outage: "payments cannot compare everything with Stripe",
    alert: { alertname: "ComparisonOverdue", schedule: "hourly" },
    series: { 'payments_comparison_overdue_seconds{schedule="hourly"}': ages },
    firesAfter: 10_860,
    lastsSeconds: hours(4),
    stepSeconds: 60,
  },
  {
    outage: "auth rejects sign-ins",
    alert: { alertname: "SignInsRejected", queue: "sign-in", reason: "full" },
    series: { 'password_hashes_refused_total{app="auth", queue="sign-in", reason="full"}': counts(0, 5) },
    firesAfter: 375,
    resolvesAfter: 240,
  },
  {
    outage: "the SMTP server is down",
    alert: { alertname: "EmailDeliveryFailing" },
    series: {
      'mail_attempts_total{app="auth", mail="password_reset", outcome="failed"}': counts(0, 1),
      'mail_attempts_total{app="auth", mail="password_reset", outcome="sent"}': counts(1, 0),
    },
    firesAfter: 615,
    resolvesAfter: 300,
  },
  {
    outage: "there are too few processes for the open streams",
    alert: { alertname: "StreamsRejected", app: "orders" },
    series: { 'streams_refused_total{app="orders", limit="process"}': counts(0, 1) },
    firesAfter: 315,
    resolvesAfter: 300,
  },
  ...[
    { limit: "network", outage: "one network reserves many tickets without paying" },
    { limit: "site", outage: "one IPv6 /48 reserves many tickets without paying" },
    { limit: "unpaid_network", outage: "one network lets many reservations expire" },
  ].map(({ limit, outage }): Outage => ({
    outage,
    alert: { alertname: "TicketHoardingSuspected" },
    series: { [`reservations_refused_total{app="orders", limit="${limit}"}`]: counts(0, 1) },
    marginSeconds: 1200,
    firesAfter: 60,
    resolvesAfter: 855,
  })),
  {
    outage: "many networks let reservations expire, and few are paid",
    alert: { alertname: "TicketHoardingSuspected" },
    series: {
      'orders_total{app="orders", outcome="expired"}': counts(0, 0.2),
      'orders_total{app="orders", outcome="complete"}': counts(0.005),
    },
    firesAfter: 1020,
    resolvesAfter: 840,
    marginSeconds: hours(1),
    lastsSeconds: hours(1),
    stepSeconds: 60,
  },
  {
    outage: "many networks cancel reservations, and few are paid",
    alert: { alertname: "TicketHoardingSuspected" },
    series: {
      'orders_total{app="orders", outcome="cancelled_by_buyer"}': counts(0, 0.2),
      'orders_total{app="orders", outcome="complete"}': counts(0.005),
    },
    firesAfter: 1020,
    resolvesAfter: 840,
    marginSeconds: hours(1),
    lastsSeconds: hours(1),
    stepSeconds: 60,
  },
];

/** For docs/operating.md. */
export const outageTable = (): string => {
  const rows = outages.map(({ outage, alert, firesAfter, resolvesAfter = 0 }) => {
    const severity = alert.severity === "warning" ? " (warning)" : "";
    const columns = [
      outage,
      `\`${alert.alertname}\`${severity}`,
      duration(firesAfter),
      duration(resolvesAfter),
    ];
    return `| ${columns.join(" | ")} |`;
  });
  return ["| outage | alert | fires after | resolves after |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
};

function duration(seconds: number): string {
  if (seconds === 0) return "immediately";
  const parts = { h: Math.floor(seconds / 3600), min: Math.floor((seconds % 3600) / 60), s: seconds % 60 };
  return Object.entries(parts)
    .flatMap(([unit, count]) => (count > 0 ? `${count} ${unit}` : []))
    .join(" ");
}
