import { named } from "@eventhive/common";
import { body } from "express-validator";
import { z } from "zod";

/** An account as responses show it. */
export const account = named(
  "Account",
  z.object({ id: z.string().regex(/^[0-9a-f]{24}$/), email: z.string() }),
  { id: "6553f1000000000000000004", email: "alice@example.com" },
);

const emailRule = "A valid email is required";

export const emailField = z
  .string({ error: emailRule })
  .meta({ format: "email", examples: ["alice@example.com"] });

export const isEmail = () => body("email", emailRule).isString().bail().isEmail();
