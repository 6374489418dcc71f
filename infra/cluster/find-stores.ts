import { jetStream, mongo, natsStreaming, redis } from "../local/known-servers";
import { findMongod, findNatsServer, findNatsStreaming, findRedis } from "../local/servers";

// For images.sh: prints the path of each store's program and the image that the manifests reference, in this order.
async function find(): Promise<void> {
  const search = { print: (line: string) => console.error(line) };
  console.log(await findMongod(search), mongo.image);
  console.log(await findRedis(search), redis.image);
  console.log(await findNatsStreaming(search), natsStreaming.image);
  console.log(await findNatsServer(search), jetStream.image);
}

find().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
