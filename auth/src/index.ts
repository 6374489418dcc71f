import { startService } from "@eventhive/common";
import { app } from "./app";
import { canonicalizeEmails } from "./canonicalize-emails";
import { grantAdmin, revokeAdmin } from "./change-admin";
import { database } from "./database";
import { listEmailCollisions } from "./list-email-collisions";
import { removeVerificationAccounts } from "./remove-verification-accounts";
import { sendMails } from "./send-mails";

startService({
  name: "auth",
  store: { database },
  app,
  sweeps: Object.values(sendMails),
  commands: {
    "canonicalize-emails": canonicalizeEmails,
    "grant-admin": grantAdmin,
    "list-email-collisions": listEmailCollisions,
    "revoke-admin": revokeAdmin,
    "remove-verification-accounts": removeVerificationAccounts,
  },
});
