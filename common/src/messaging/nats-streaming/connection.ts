import { randomUUID } from "node:crypto";
import { type Stan, connect } from "node-nats-streaming";
import { jitteredBackoffMs } from "../../base/backoff";
import { seconds } from "../../base/clock";
import { logger } from "../../base/logger";
import { parseAddress } from "../broker-address";

declare module "node-nats-streaming" {
  /** Members that the package does not declare. */
  interface Stan {
    readonly nc: {
      requestOne(
        subject: string,
        bytes: Buffer,
        timeout: number,
        onResponse: (response: unknown) => void,
      ): void;
    };
    readonly pingRequests: string;
    readonly pingBytes: Buffer;
    closeWithError(event: string, error: unknown): void;
  }
  interface Message {
    getRedeliveryCount(): number;
  }
}

export interface NatsConnectionOptions {
  /** May carry `user:password@` or `token@`, percent-encoded. */
  url: string;
  clusterId: string;
  /** The service. */
  name: string;
}

const responseTimeout = seconds(5);
const closeTimeout = seconds(2);

/**
 * A connection to NATS Streaming that retries without limit. The client bridges short outages itself. When it has lost
 * the connection for good (no response to pings for 8 s, or a rejection), its subscriptions are lost, too: a new connection
 * is made, without a time limit, and `onConnect` restores them.
 */
export class NatsConnection {
  /** The connection that the broker accepted last; the network below it may be down for a moment. */
  accepted: Stan | undefined;
  isConnected = false;

  private readonly connect: () => Stan;
  private stan: Stan | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private isClosed = false;

  constructor(
    { url, clusterId, name }: NatsConnectionOptions,
    private readonly on: { onConnect: (stan: Stan) => void; onDisconnect: (error: Error) => void },
  ) {
    // One id for the process: when it reconnects, the broker drops the old connection and redelivers what it left
    // unacknowledged. Under a new id, messages would go to the old one too, until its heartbeats fail.
    const clientId = `${name}-${randomUUID()}`;
    const { servers, credentials } = parseAddress(url);
    const [first, ...others] = servers;
    const options = {
      url: first, // without it, the client would add its default to the others
      servers: others,
      ...credentials,
      name,
      connectTimeout: responseTimeout,
      ackTimeout: responseTimeout,
      maxReconnectAttempts: -1, // if it stopped retrying, the client would report pending publishes as stored
      reconnectTimeWait: 250,
      stanPingInterval: seconds(2),
      stanMaxPingOut: 3,
    };
    this.connect = () => connect(clusterId, clientId, options);
    this.open();
  }

  /** Drops this connection, in whatever state it is, and makes a new one. */
  abandon(stan: Stan, reason: unknown): void {
    if (stan !== this.stan) return;
    const error = asError(reason);
    clearTimeout(this.timer);
    this.stan = undefined;
    this.accepted = undefined;
    this.disconnected(error);
    stan.closeWithError("close", error); // ends its ping timer too; `stan.nc.close()` would leave it to throw
    if (this.isClosed) return;
    this.failures += 1;
    const retryMs = jitteredBackoffMs(this.failures, { firstMs: 250, maxMs: seconds(5) });
    this.timer = setTimeout(() => this.open(), retryMs);
    logger.warn({ err: error, retryMs }, "could not connect to the broker");
  }

  /** Resolves within two seconds, whether or not the broker is available. */
  close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    const { stan } = this;
    if (!stan) return Promise.resolve();
    return new Promise((resolve) => {
      stan.once("close", () => resolve());
      if (this.isConnected) {
        this.timer = setTimeout(() => this.abandon(stan, "no response to the close request"), closeTimeout);
        stan.close();
      } else {
        this.abandon(stan, "the bus is closed");
      }
    });
  }

  private open(): void {
    const stan = this.connect();
    this.stan = stan;
    this.timer = setTimeout(() => this.abandon(stan, "no response from the broker"), 2 * responseTimeout);

    stan.on("connect", () => {
      clearTimeout(this.timer);
      this.failures = 0;
      this.accepted = stan;
      this.isConnected = true;
      logger.info("connected to the broker");
      this.on.onConnect(stan);
    });
    stan.on("disconnect", () => {
      if (stan === this.accepted) this.disconnected(new Error("lost the connection to the broker"));
    });
    stan.on("reconnect", () => this.confirm(stan));
    stan.on("error", (error) => {
      if (stan === this.accepted) logger.warn({ err: asError(error) }, "broker connection error");
      else this.abandon(stan, error);
    });
    stan.on("connection_lost", (error) => this.abandon(stan, error));
    stan.on("close", (error) => this.abandon(stan, error ?? "the connection closed"));
  }

  /** Resolves with whether the broker responds and still recognizes this connection. */
  isAlive(): Promise<boolean> {
    const stan = this.accepted;
    if (!stan || !this.isConnected) return Promise.resolve(false);
    return new Promise((resolve) => {
      stan.nc.requestOne(stan.pingRequests, stan.pingBytes, responseTimeout, (response) =>
        resolve(response === "" && stan === this.accepted && this.isConnected),
      );
    });
  }

  /** A restarting broker accepts connections before it reads from them, and may have lost their state. */
  private confirm(stan: Stan): void {
    if (stan !== this.accepted) return;
    stan.nc.requestOne(stan.pingRequests, stan.pingBytes, 250, (response) => {
      if (response instanceof Error) this.confirm(stan);
      else if (response === "") this.isConnected = true;
      else this.abandon(stan, "the broker no longer recognizes this connection");
    });
  }

  private disconnected(error: Error): void {
    this.isConnected = false;
    this.on.onDisconnect(error);
  }
}

/** The client sometimes emits strings as errors. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
