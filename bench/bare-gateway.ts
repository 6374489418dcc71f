import { startGateway } from "../infra/local/gateway";

// The stack's gateway in front of the bare server, so that both sides of a ratio include one. Started by start-bare.ts.

const port = Number(process.env.PORT);
const backends = [{ service: "client", url: process.env.BARE_URL ?? "" }];
process.on("disconnect", () => process.exit());
void startGateway({ port, routes: [], backends }).then(() => process.send?.("ready"));
