import type { Request, Response } from "express";
import { watcher } from "../src/messaging/watcher";
import { MemoryBroker, eventBytes, newId, newIds } from "../src/testing";
import { createApp } from "../src/http/create-app";
import type { Api } from "../src/http/routes";
import { type EventStream, readStream } from "./event-stream";
import { freePort } from "../../infra/local/port";
import { type HttpServer, serve } from "../src/http/serve";
import { streamStates } from "../src/http/stream-states";

process.env.JWT_KEY = "only-for-tests-only-for-tests-only-for-tests";
process.env.PUBLIC_URL = "http://localhost:3000";

interface Ticket {
  id: string;
  version: number;
  title: string;
}

export const ticket = (id = newId(), version = 3): Ticket => ({ id, version, title: "Chamber music" });

const bus = new MemoryBroker().connect("tickets");
const updates = watcher("ticket:updated");
updates.connect(bus);

/** Resolves when the stream has received it. */
export async function publish({ id, version, title }: Ticket): Promise<void> {
  const rest = { price: 20, userId: newId(), status: "reserved", withdrawn: false } as const;
  await bus.publish(
    "ticket:updated",
    eventBytes("ticket:updated", { id, version, title, ...rest }),
    newIds(),
  );
  await new Promise(setImmediate);
}

/** The state that a test can inspect and change. */
interface Stage {
  port: number;
  server: HttpServer;
  tickets: Ticket[];
  /** What a stream finds when it reads. */
  find: () => Promise<Ticket[]>;
  /** A stream with a key shares its view. */
  key: string | undefined;
  isAdded: (state: { version: number }) => boolean;
  /** The number of views that receive events of the bus. */
  watching: number;
  stream(req: Request, res: Response): Promise<void>;
  read(cookie?: string, path?: string): Promise<EventStream>;
  /** From this address, signed in or not. */
  readFrom(address: string, cookie?: string): Promise<EventStream>;
}

/** Before each test, a server with a stream of two tickets at `/stream`. */
export function setUpStream(addRoutes: (api: Api) => void = () => {}): Stage {
  let open: EventStream[] = [];
  const counted: typeof updates = {
    ...updates,
    watch: (handle) => {
      const stop = updates.watch(handle);
      stage.watching += 1;
      return () => {
        stage.watching -= 1;
        stop();
      };
    },
  };
  const keep = async (reading: Promise<EventStream>) => {
    const stream = await reading;
    open.push(stream);
    return stream;
  };
  const stage: Stage = {
    port: 0,
    server: { open: () => {}, drain: async () => {} },
    tickets: [],
    find: async () => [],
    key: undefined,
    isAdded: () => false,
    watching: 0,
    stream: (req, res) => {
      const live = { name: "ticket", watcher: counted, find: () => stage.find(), isAdded: stage.isAdded };
      return streamStates(req, res, live, stage.key);
    },
    read: (cookie, path = "/stream") => keep(readStream(`http://127.0.0.1:${stage.port}${path}`, cookie)),
    readFrom: (address, cookie) =>
      keep(readStream(`http://127.0.0.1:${stage.port}/stream`, cookie, { "X-Forwarded-For": address })),
  };

  beforeEach(async () => {
    stage.tickets = [ticket(), ticket()];
    stage.find = async () => stage.tickets;
    stage.isAdded = () => false;
    stage.port = await freePort();
    stage.server = await serve(stage.port, async () => ({}), { drainPause: 0 });
    const app = createApp((api) => {
      api.get("/stream", (req, res) => stage.stream(req, res));
      addRoutes(api);
    });
    stage.server.open(app);
  });
  afterEach(async () => {
    jest.useRealTimers();
    for (const { leave } of open) leave();
    open = [];
    await stage.server.drain();
  });
  return stage;
}
