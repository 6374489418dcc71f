// Fills an environment's address into the manifests and the verification, from PUBLIC_URL, GATEWAY_ADDRESS and CARD_TOKEN:
//   node infra/ci/set-address.mjs [FOLDER]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const { PUBLIC_URL = "", GATEWAY_ADDRESS = "", CARD_TOKEN } = process.env;
if (!/^https:\/\/[\w.-]+$/.test(PUBLIC_URL))
  throw new Error(`PUBLIC_URL must be an address such as https://tickets.example.org, not "${PUBLIC_URL}"`);
if (!/^\d+\.\d+\.\d+\.\d+$/.test(GATEWAY_ADDRESS))
  throw new Error(`GATEWAY_ADDRESS must be the reserved IPv4 address, not "${GATEWAY_ADDRESS}"`);

replace("infra/k8s/overlays/gke/settings.env", [
  ["https://eventhive.example.com", PUBLIC_URL],
  ["192.0.2.1", GATEWAY_ADDRESS],
]);
replace("skaffold.yaml", [
  ["https://eventhive.example.com", PUBLIC_URL],
  ...(CARD_TOKEN ? [["value: tok_visa", `value: ${CARD_TOKEN}`]] : []),
]);

function replace(name, pairs) {
  const path = join(folder, name);
  let text = readFileSync(path, "utf8");
  for (const [placeholder, value] of pairs) {
    if (!text.includes(placeholder)) throw new Error(`${path} has no ${placeholder}`);
    text = text.replace(placeholder, value);
  }
  writeFileSync(path, text);
}
