import { setTimeout as delay } from "node:timers/promises";
import { type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, connect, credsAuthenticator, nkeyAuthenticator } from "@nats-io/transport-node";
import { jitteredBackoffMs } from "../../base/backoff";
import { seconds } from "../../base/clock";
import { logger } from "../../base/logger";
import { withTimeout } from "../../base/with-timeout";
import { inboxPrefixOf } from "../../contract/jetstream-names";
import { parseAddress } from "../broker-address";

const backoff = { firstMs: 250, maxMs: seconds(5) };

export interface JetStreamConnectionOptions {
  /** May carry `user:password@` or `token@`, percent-encoded. */
  url: string;
  /** The private key of a user (an nkey's seed), or the content of a credentials file. */
  credentials?: string | undefined;
  /** How many servers store a new stream. */
  replicas?: number;
  /** The service. */
  name: string;
}

/** A connection that was established; it may be interrupted now. */
export interface Connected {
  client: NatsConnection;
  manager: JetStreamManager;
  jetStream: JetStreamClient;
  /** How many servers store a new stream. */
  replicas: number;
}

/**
 * A connection to a NATS server that retries without limit. The client bridges outages itself, and keeps plain
 * subscriptions. When the server rejects it permanently, a new connection is made, and `onConnect` restores them.
 */
export class JetStreamConnection {
  isConnected = false;
  made: Connected | undefined;
  private readonly closing = new AbortController();
  private readonly ended: Promise<void>;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly options: JetStreamConnectionOptions,
    private readonly on: { onConnect: (made: Connected) => void; onDisconnect: (error: Error) => void },
  ) {
    this.ended = this.stayConnected();
  }

  /** Resolves when there is a connection; undefined when it was closed instead. */
  async established(): Promise<Connected | undefined> {
    while (!this.isConnected && !this.closing.signal.aborted)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.closing.signal.aborted ? undefined : this.made;
  }

  /** Resolves within some seconds, whether or not the broker is available. */
  async close(): Promise<void> {
    const { made, isConnected } = this;
    // The client sends acknowledgements with a delay: the response to a ping confirms that they were sent.
    if (made && isConnected) await withTimeout(made.client.flush(), seconds(2)).catch(() => {});
    this.closing.abort();
    this.disconnected(new Error("the bus is closed"));
    await made?.client.close();
    await withTimeout(this.ended, seconds(2)).catch(() => {}); // an attempt to connect may be in progress
  }

  private async stayConnected(): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const made = await this.connect();
        failures = 1;
        if (signal.aborted) return await made.client.close();
        this.made = made;
        this.connected();
        this.on.onConnect(made);
        await this.follow(made.client);
        throw new Error("the broker closed the connection");
      } catch (error) {
        if (signal.aborted) return;
        this.disconnected(new Error("lost the connection to the broker"));
        const retryMs = jitteredBackoffMs(failures, backoff);
        logger.warn({ err: error, retryMs }, "could not connect to the broker");
        await delay(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  private async connect(): Promise<Connected> {
    const { url, name, credentials, replicas = 1 } = this.options;
    const address = parseAddress(url);
    const client = await connect({
      ...address.credentials,
      ...(credentials && { authenticator: authenticatorOf(credentials) }),
      servers: address.servers,
      name,
      inboxPrefix: inboxPrefixOf(name),
      timeout: seconds(5),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      pingInterval: seconds(2), // with the default of two minutes, a server that is frozen is noticed late
      maxPingOut: 2,
    });
    const manager = await jetstreamManager(client, { checkAPI: false, timeout: seconds(2) });
    return { client, manager, jetStream: manager.jetstream(), replicas };
  }

  /** Resolves when the client stops reconnecting. */
  private async follow(client: NatsConnection): Promise<void> {
    for await (const { type, ...details } of client.status()) {
      if (type === "disconnect") {
        logger.warn("lost the connection to the broker");
        this.disconnected(new Error("lost the connection to the broker"));
      } else if (type === "reconnect") this.connected();
      else if (type === "error") logger.warn(details, "broker connection error");
    }
  }

  private connected(): void {
    logger.info("connected to the broker");
    this.isConnected = true;
    this.wake();
  }

  private disconnected(error: Error): void {
    this.isConnected = false;
    this.on.onDisconnect(error);
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

function authenticatorOf(credentials: string) {
  const bytes = new TextEncoder().encode(credentials.trim());
  return credentials.includes("BEGIN") ? credsAuthenticator(bytes) : nkeyAuthenticator(bytes);
}
