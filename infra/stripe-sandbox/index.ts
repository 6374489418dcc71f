import { createServer } from "node:http";
import { createSandbox } from "./sandbox";

const { LISTEN_ADDRESS = "127.0.0.1", PORT, SANDBOX_DATA, WEBHOOK_URL, WEBHOOK_SECRET } = process.env;
if (!PORT || !SANDBOX_DATA) {
  console.error("The payment sandbox needs PORT and SANDBOX_DATA, a folder for its ledger");
  process.exit(1);
}

const webhook = WEBHOOK_URL ? { url: WEBHOOK_URL, secret: WEBHOOK_SECRET } : undefined;
const server = createServer(createSandbox({ dataFolder: SANDBOX_DATA, webhook }).app);
server.listen(Number(PORT), LISTEN_ADDRESS, () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : PORT;
  console.log(`The payment sandbox listens on http://${LISTEN_ADDRESS}:${port}`);
});

// Nothing to finish: acknowledged changes are on disk, and other requests are retried with the same key.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
