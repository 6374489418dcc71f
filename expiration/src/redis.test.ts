import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { clock, isTransient, onFailpoint, seconds } from "@eventhive/common";
import { MemoryBroker, eventBytes, newId } from "@eventhive/common/testing";
import { eventually } from "../../common/src/testing/eventually";
import { expirationComplete, expirationWorker } from "./expirations";
import { orderCancelled } from "./listeners/order-ended";
import { orderCreated } from "./listeners/order-created";
import { connectRedis } from "./redis";

/** A TCP proxy in front of Redis that can be frozen: it accepts connections without responding. */
let server: Server;
const held: Socket[] = [];
const sockets = new Set<Socket>();
let isFrozen = true;

const redisUrl = new URL(String(process.env.REDIS_URL));

function passOn(socket: Socket): void {
  const beyond = connect(Number(redisUrl.port), redisUrl.hostname);
  for (const end of [socket, beyond]) {
    sockets.add(end);
    end.on("error", () => {}).on("close", () => [socket, beyond].forEach((each) => each.destroy()));
  }
  socket.pipe(beyond).pipe(socket);
}

function thaw(): void {
  isFrozen = false;
  for (const socket of held.splice(0)) passOn(socket);
}

function freeze(): void {
  isFrozen = true;
  for (const socket of sockets) socket.unpipe();
}

/** Clients disconnected by `freeze` reconnect. */
function reconnect(): void {
  thaw();
  for (const socket of sockets) socket.destroy();
}

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (isFrozen) held.push(socket);
    else passOn(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  process.env.REDIS_URL = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.MAX_PENDING_TIMERS = "3";
});

afterAll(async () => {
  onFailpoint(undefined);
  await expirationWorker.stop();
  server.close();
  for (const socket of sockets) socket.destroy();
  await once(server, "close");
});

const order = (endsInMs = seconds(3600)) => ({
  id: newId(),
  version: 0,
  status: "created" as const,
  userId: newId(),
  expiresAt: new Date(clock.now() + endsInMs).toISOString(),
  ticket: { id: newId(), title: "Chamber music", price: 20, version: 0 },
});

const schedule = (endsInMs?: number) => orderCreated.handle(eventBytes("order:created", order(endsInMs)));

it("fails commands while Redis does not respond, and queues none", async () => {
  const redis = connectRedis();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => redis.ping()));
  for (const result of results) expect(result.status === "rejected" && isTransient(result.reason)).toBe(true);
  redis.disconnect();
}, 15_000);

it("limits pending timers while Redis is unavailable, and rejects others as transient", async () => {
  const waiting = Promise.allSettled([schedule(), schedule(), schedule()]);
  for (let count = 0; count < 5; count++) {
    const refusal: unknown = await schedule().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ message: expect.stringContaining("3 timers wait") });
    expect(isTransient(refusal)).toBe(true);
  }
  await expect(orderCancelled.handle(eventBytes("order:cancelled", order()))).rejects.toThrow("timers wait");

  thaw();
  await waiting;
  await schedule();
}, 20_000);

it("schedules timers again after Redis has disappeared without closing its connections", async () => {
  thaw();
  await schedule();
  freeze();
  thaw(); // for new connections
  await expect(schedule()).rejects.toThrow("no response within 5000 ms");
  await eventually(() => schedule(), { withinSeconds: 40 });
}, 60_000);

it("stops while Redis does not respond to the completion of a job", async () => {
  thaw();
  expirationComplete.connect(new MemoryBroker().connect("expiration"), "expiration");
  const published = new Promise<void>((resolve) => {
    onFailpoint((name) => {
      if (name !== "expiration.publish.after") return;
      freeze();
      resolve();
    });
  });
  expirationWorker.start();
  await schedule(0);
  await published;
  await expirationWorker.stop();
  reconnect();
}, 20_000);

it("connects again after Redis was frozen while it connected", async () => {
  freeze();
  const redis = connectRedis();
  await expect(redis.ping()).rejects.toThrow("max retries per request");
  thaw();
  await eventually(() => redis.ping(), { withinSeconds: 10 });
  redis.disconnect();
}, 20_000);
