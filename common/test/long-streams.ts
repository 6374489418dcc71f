import { createApp } from "../src/http/create-app";
import { serve } from "../src/http/serve";
import { streamStates } from "../src/http/stream-states";

/** The longest states that a view may show: a page of tickets with titles of 200 emoji. */
const states = JSON.stringify(
  Array.from({ length: 100 }, (_, index) => ({
    id: `6553f100000000000000${String(index).padStart(4, "0")}`,
    version: 3,
    title: "🎻".repeat(200),
    price: 19.99,
    userId: "6553f1000000000000000002",
    status: "available",
    withdrawn: false,
  })),
);

const watcher = { watch: () => () => undefined };

/** Each call returns copies of its own, like that of a database, in any order. */
const find = async (): Promise<{ id: string; version: number }[]> => JSON.parse(states);

/** Serves streams of the same states with any key, for tests of what they cost. */
void serve(Number(process.env.PORT), async () => ({}), { drainPause: 0 }).then((server) =>
  server.open(
    createApp((api) => {
      api.get("/stream", (req, res) =>
        streamStates(req, res, { name: "ticket", watcher, find }, JSON.stringify(req.query)),
      );
    }),
  ),
);
