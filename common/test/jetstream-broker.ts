import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../infra/local/port";
import { startBrokerProcess } from "./broker-process";

/** A NATS server with JetStream on a port of its own. */
export async function startJetStreamBroker(...settings: string[]) {
  const port = await freePort();
  const broker = await startBrokerProcess(
    process.env.NATS_SERVER_BINARY ?? "nats-server",
    async (folder) => {
      const configuration = join(folder, "nats.conf");
      await writeFile(configuration, "jetstream { sync_interval: always }");
      const options = `-js -a 127.0.0.1 -p ${port} -c ${configuration} -sd ${join(folder, "store")}`;
      return [...options.split(" "), ...settings];
    },
    "Server is ready",
  );
  return {
    ...broker,
    /** @param credentials as they stand in an address, with the `@` */
    url: (credentials = "") => `nats://${credentials}127.0.0.1:${port}`,
  };
}
