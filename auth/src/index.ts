import { startService } from "@eventhive/common";
import { app } from "./app";
import { canonicalizeEmails } from "./canonicalize-emails";
import { database } from "./database";
import { listEmailCollisions } from "./list-email-collisions";
import { removeVerificationAccounts } from "./remove-verification-accounts";

startService({
  name: "auth",
  store: { database },
  app,
  commands: {
    "canonicalize-emails": canonicalizeEmails,
    "list-email-collisions": listEmailCollisions,
    "remove-verification-accounts": removeVerificationAccounts,
  },
});
