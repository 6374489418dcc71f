// Fills an environment's settings into the manifests and the verification, from PUBLIC_URL, GATEWAY_ADDRESS, BACKUP_URL and
// CARD_TOKEN:
//   node infra/ci/set-address.mjs [FOLDER]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const { PUBLIC_URL = "", GATEWAY_ADDRESS = "", BACKUP_URL = "", CARD_TOKEN } = process.env;
if (!/^https:\/\/[\w.-]+$/.test(PUBLIC_URL))
  throw new Error(`PUBLIC_URL must be an address such as https://tickets.example.org, not "${PUBLIC_URL}"`);
if (!/^(\d+\.\d+\.\d+\.\d+|none)$/.test(GATEWAY_ADDRESS))
  throw new Error(`GATEWAY_ADDRESS must be the reserved IPv4 address or "none", not "${GATEWAY_ADDRESS}"`);
if (!/^(https:\/\/[\w.-]+|file:\/\/)\/\S+$/.test(BACKUP_URL))
  throw new Error(
    `BACKUP_URL must be a bucket such as https://storage.googleapis.com/BUCKET, or a folder such as file:///backups, not "${BACKUP_URL}"`,
  );

replace("infra/k8s/overlays/gke/settings.env", [
  ["https://eventhive.example.com", PUBLIC_URL],
  [", 192.0.2.1", GATEWAY_ADDRESS === "none" ? "" : `, ${GATEWAY_ADDRESS}`],
]);
replace("infra/k8s/overlays/gke/backup-target.env", [["BACKUP_URL=\n", `BACKUP_URL=${BACKUP_URL}\n`]]);
replace("skaffold.yaml", [
  ["https://eventhive.example.com", PUBLIC_URL],
  ...(CARD_TOKEN ? [["value: tok_visa", `value: ${CARD_TOKEN}`]] : []),
]);

function replace(name, pairs) {
  const path = join(folder, name);
  let text = readFileSync(path, "utf8");
  for (const [placeholder, value] of pairs) {
    if (!text.includes(placeholder)) throw new Error(`${path} has no ${placeholder.trim()}`);
    text = text.replace(placeholder, () => value);
  }
  writeFileSync(path, text);
}
