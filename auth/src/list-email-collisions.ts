import { canonicalEmail } from "./canonical-email";
import { User, notDeleted } from "./models/user";

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Lists the accounts whose mailbox belongs to an older account: ID and email of the younger, then of the older one. */
export async function listEmailCollisions(): Promise<void> {
  let missing = 0;
  for await (const account of User.find({ canonicalEmail: null, ...notDeleted })
    .sort({ _id: 1 })
    .cursor()) {
    const holder = await User.findOne({ canonicalEmail: canonicalEmail(account.email) });
    if (holder) print([account.id, account.email, holder.id, holder.email].join("  "));
    else missing += 1;
  }
  if (missing > 0) print(`${missing} accounts have no canonical email yet: run canonicalize-emails`);
}
