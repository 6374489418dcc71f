import { findMongod, findNatsStreaming, findRedis } from "../local/servers";

// Where the servers' programs are, for images.sh: one path a line, in this order.
async function find(): Promise<void> {
  const search = { say: (line: string) => console.error(line) };
  for (const find of [findMongod, findRedis, findNatsStreaming]) console.log(await find(search));
}

find().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
