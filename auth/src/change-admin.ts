import { User, findByEmail, notDeleted } from "./models/user";

/** Grants or revokes the role of administrator, which nothing else changes. */
const changeAdmin =
  (isAdmin: boolean) =>
  async ([email = ""]: string[]): Promise<void> => {
    const user = await findByEmail(email);
    if (!user) throw new Error(`There is no account with the email "${email}"`);
    await User.updateOne({ _id: user.id, ...notDeleted }, isAdmin ? { isAdmin } : { $unset: { isAdmin: 1 } });
    process.stdout.write(`${user.email} is ${isAdmin ? "now" : "no longer"} an administrator\n`);
  };

export const grantAdmin = changeAdmin(true);
export const revokeAdmin = changeAdmin(false);
