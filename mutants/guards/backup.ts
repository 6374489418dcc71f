import type { Mutant } from "../mutant";

const restore = "infra/backup/restore.go";
const tests = "infra/backup/backup.test.ts";

export const backup: Mutant[] = [
  {
    guard: "backup: neither dumps nor restores on a secondary",
    file: restore,
    change: { "if !hello.IsWritablePrimary {": "if false {" },
    red: {
      [tests]: [
        "with a replica set backs up from the primary and restores on it, and changes nothing on a secondary",
      ],
    },
  },
  {
    guard: "backup: other members of a replica set do not prevent a restore",
    file: restore,
    change: { "^(NetworkInterfaceTL|MongoDB Internal Client)": "^none$" },
    red: {
      [tests]: [
        "restores nothing, and does not change the database, when another client is connected; other members of a replica set are no clients",
      ],
    },
  },
];
