import { type setUpService, deliver, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { access } from "../src/access";
import { app } from "../src/app";
import { canonicalEmail } from "../src/canonical-email";
import { User, findUser } from "../src/models/user";
import { hashPassword } from "../src/password";

// Settings are read when they are first used. Tests need many hashes, not strong ones.
process.env.PASSWORD_COST = "16";

export const password = "correct horse";

export function storedUser(fields: {
  email: string;
  password: string;
  canonicalEmail?: string;
}): Promise<User> {
  const user = new User(fields);
  user.recordNothing("as a sign-up");
  return user.save();
}

/** A user with an account who has not signed in yet. */
export const registered = async (email = "alice@example.com"): Promise<User> =>
  storedUser({ email, canonicalEmail: canonicalEmail(email), password: await hashPassword(password) });

/** An administrator, and the Cookie header of its session. */
export async function admin(email = "admin@example.com"): Promise<{ id: string; cookie: string }> {
  const { id } = await registered(email);
  await User.updateOne({ _id: id }, { isAdmin: true });
  return { id, cookie: signedIn(id, email) };
}

/** Runs `act` between the next read of accounts, which the next sign-in begins with, and what follows it. */
export function afterNextRead(act: () => PromiseLike<unknown>): void {
  const find = User.find.bind(User);
  const spy = jest.spyOn(User, "find").mockImplementationOnce((...parameters) => {
    spy.mockRestore();
    const query = find(...parameters);
    const execute = query.exec.bind(query);
    query.exec = async () => {
      const found = await execute();
      await act();
      return found;
    };
    return query;
  });
}

/** What a save in another process would do: the sessions of the account end. */
export async function endSessionsOf(id: string): Promise<void> {
  const user = await findUser(id);
  user.endSessions();
  await user.save();
}

/** Delivers the end of sessions that was published last to the service itself. */
export async function hearSignOut({ published }: ReturnType<typeof setUpService>): Promise<void> {
  const state = (await published("user:signed-out")).at(-1);
  if (!state) throw new Error("No sessions were ended");
  const [, , signedOut] = access.listeners;
  await deliver(signedOut, state);
}

/** The ID of the account that a cookie signs in, or null. */
export async function whoIs(cookie: string | undefined): Promise<string | null> {
  const { body } = await request(app)
    .get("/api/users/currentuser")
    .set("Cookie", cookie ?? "")
    .expect(200);
  return body.currentUser?.id ?? null;
}
