import { createHash } from "node:crypto";
import { type CurrentUser, clock, seconds } from "@eventhive/common";
import { Schema } from "mongoose";
import { canonicalEmail } from "../canonical-email";
import { config } from "../config";
import { database } from "../database";
import { hashPassword, isOutdated, verifyPassword } from "../password";

const knownNetworkSchema = new Schema(
  { hash: { type: String, required: true }, signedInAt: { type: Date, required: true } },
  { _id: false },
);

const userSchema = new Schema(
  {
    /** As it was given, but in lower case. */
    email: { type: String, required: true, unique: true, lowercase: true },
    /**
     * Decides whose email it is. Absent where an older process wrote the account, until `canonicalize-emails` has run,
     * and where an older account has the same.
     */
    canonicalEmail: String,
    /** Its hash, with salt and parameters. */
    password: { type: String, required: true },
    createdAt: { type: Date, required: true, immutable: true, default: () => clock.date() },
    /** The networks of its sign-ins, latest first, as hashes, so that no addresses are stored. */
    knownNetworks: { type: [knownNetworkSchema], required: true },
  },
  {
    versionKey: false,
    methods: {
      publicState(): CurrentUser {
        return { id: this.id, email: this.email };
      },
      knows(network: string): boolean {
        const hash = hashOf(this.id, network);
        return this.knownNetworks.some(
          (known) => known.hash === hash && known.signedInAt > forgottenBefore(),
        );
      },
      /** For a new account; one that is stored is changed by `rememberNetwork`. */
      startsFrom(network: string): void {
        this.knownNetworks.push(knownNetwork(this.id, network));
      },
    },
  },
);

// Sparse: it can be built before all accounts have the field, and holds for those that do.
userSchema.index({ canonicalEmail: 1 }, { unique: true, sparse: true });

export const User = database.model("User", userSchema);
export type User = InstanceType<typeof User>;

const hashOf = (userId: string, network: string) =>
  createHash("sha256").update(`${userId}: ${network}`).digest("hex");

const knownNetwork = (userId: string, network: string) => ({
  hash: hashOf(userId, network),
  signedInAt: clock.date(),
});

const forgottenBefore = () => new Date(clock.now() - seconds(config.KNOWN_NETWORK_EXPIRES_IN));

/**
 * The account of a mailbox, however it is written. Where two have the same mailbox, each is found by its own spelling.
 */
export async function findByEmail(email: string): Promise<User | undefined> {
  const exact = email.toLowerCase();
  const users = await User.find({ $or: [{ email: exact }, { canonicalEmail: canonicalEmail(email) }] });
  return users.find((user) => user.email === exact) ?? users[0];
}

/** False after the same time whether there is no account or the password is wrong. */
export async function hasPassword(user: User | undefined, password: string): Promise<boolean> {
  const isRight = await verifyPassword(password, user?.password);
  if (!user || !isRight) return false;
  if (isOutdated(user.password)) {
    const renewed = await hashPassword(password);
    await User.updateOne({ _id: user.id, password: user.password }, { password: renewed });
  }
  return true;
}

/** One atomic statement, so that concurrent sign-ins store at most the latest networks. */
export async function rememberNetwork({ id }: User, network: string): Promise<void> {
  const entry = knownNetwork(id, network);
  const others = {
    $filter: {
      input: { $ifNull: ["$knownNetworks", []] },
      cond: {
        $and: [{ $ne: ["$$this.hash", entry.hash] }, { $gt: ["$$this.signedInAt", forgottenBefore()] }],
      },
    },
  };
  const knownNetworks = { $slice: [{ $concatArrays: [[entry], others] }, config.MAX_KNOWN_NETWORKS] };
  await User.updateOne({ _id: id }, [{ $set: { knownNetworks } }]);
}
