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

const passwordRule = "A password is required";

export const passwordField = z.string({ error: passwordRule }).min(1, passwordRule);

const newPasswordRule = "The password must have 8 to 128 characters, not only spaces";

export const newPasswordField = z.string({ error: newPasswordRule }).meta({ minLength: 8, maxLength: 128 });

export const isNewPassword = (field: string) =>
  body(field, newPasswordRule)
    .isString()
    .bail()
    .isLength({ min: 8, max: 128 })
    .notEmpty({ ignore_whitespace: true });

export const isEmail = () => body("email", emailRule).isString().bail().isEmail();
