import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { startNatsStreaming } from "./servers";
import { afterwards } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

jest.setTimeout(180_000); // the first run may build it

it("restarts the broker on a store with a truncated record", async () => {
  const dataFolder = temporaryFolder("nats");
  const broker = await startNatsStreaming({ dataFolder });
  afterwards(() => broker.stop());
  await broker.stop();
  appendFileSync(join(dataFolder, "nats/clients.dat"), "\x20\x00\x00"); // three of a header's eight bytes
  broker.start();
  await broker.ready();
  expect(broker.restarts).toBe(1);
});
