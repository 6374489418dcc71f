import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "../infra/local/program";
import { newUser } from "./client";
import { pythonEnvironment } from "./python-environment";
import { orderOf, ticketOnSale } from "./setup";
import { stackFile } from "./stack";

const folder = join(root, "infra/schemathesis");

it("schemathesis finds nothing with requests that it generates from the OpenAPI document", async () => {
  const python = await pythonEnvironment(join(folder, "requirements.txt"));
  const [user, seller] = await Promise.all([newUser("fuzzer"), newUser("seller")]);
  const order = await orderOf(user, await ticketOnSale(seller));
  const ticket = await ticketOnSale(user);

  const { url } = stackFile();
  const config = ["--config-file", join(folder, "schemathesis.toml")];
  const schemathesis = promisify(execFile)(
    join(dirname(python), "schemathesis"),
    [...config, "run", `${url}/api/openapi.json`, "--url", url, "--no-color"],
    {
      cwd: dirname(python), // it writes reports
      env: {
        ...process.env,
        SESSION: user.cookie.replace("session=", ""),
        ORDER_ID: order.id,
        TICKET_ID: ticket.id,
      },
      timeout: 600_000,
    },
  );
  const report = await schemathesis.then(
    () => "found nothing",
    ({ stdout, message }) => stdout || message,
  );
  expect(report).toBe("found nothing");
}, 660_000);
