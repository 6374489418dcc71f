import { type CurrentUser, clock } from "@eventhive/common";
import { Schema } from "mongoose";
import { database } from "../database";
import { hashPassword, isOutdated, verifyPassword } from "../password";

const userSchema = new Schema(
  {
    email: { type: String, required: true, unique: true, lowercase: true },
    /** Its hash, with salt and parameters. */
    password: { type: String, required: true },
    createdAt: { type: Date, required: true, immutable: true, default: () => clock.date() },
  },
  {
    versionKey: false,
    methods: {
      publicState(): CurrentUser {
        return { id: this.id, email: this.email };
      },
    },
  },
);

export const User = database.model("User", userSchema);
export type User = InstanceType<typeof User>;

/** Nobody, after the same time, whether the e-mail or the password is wrong. */
export async function findByCredentials(email: string, password: string): Promise<User | undefined> {
  const user = await User.findOne({ email });
  const isRight = await verifyPassword(password, user?.password);
  if (!user || !isRight) return undefined;
  if (isOutdated(user.password)) {
    const renewed = await hashPassword(password);
    await User.updateOne({ _id: user.id, password: user.password }, { password: renewed });
  }
  return user;
}
