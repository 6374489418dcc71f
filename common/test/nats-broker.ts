import { join } from "node:path";
import { freePort } from "../../infra/local/port";
import { startBrokerProcess } from "./broker-process";

/** A NATS Streaming server on a port of its own. */
export async function startNatsBroker(...settings: string[]) {
  const [port, monitorPort] = [await freePort(), await freePort()];
  const options = `-cid eventhive -store file -mm 0 -mb 0 -hbi 5s -hbt 5s -hbf 2 -a 127.0.0.1 -p ${port} -m ${monitorPort}`;
  const broker = await startBrokerProcess(
    process.env.NATS_STREAMING_BINARY ?? "nats-streaming-server",
    (folder) => [...options.split(" "), "-dir", join(folder, "store"), ...settings],
    "Streaming Server is ready",
  );
  return {
    ...broker,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    /** @param credentials as they stand in an address, with the `@` */
    url: (credentials = "") => `nats://${credentials}127.0.0.1:${port}`,
  };
}
