import { BadRequestError, HttpError, named } from "@eventhive/common";
import { body } from "express-validator";
import { z } from "zod";
import { config } from "../config";

/** An account as responses show it. */
export const account = named(
  "Account",
  z.object({ id: z.string().regex(/^[0-9a-f]{24}$/), email: z.string() }),
  { id: "6553f1000000000000000004", email: "alice@example.com" },
);

const emailRule = "Enter a valid email address";

export const emailField = z
  .string({ error: emailRule })
  .meta({ format: "email", examples: ["alice@example.com"] });

const passwordRule = "A password is required";

export const passwordField = z
  .string({ error: passwordRule })
  .min(1, passwordRule)
  .meta({ examples: ["seven green kites"] });

const passwordLength = { min: 8, max: 128 };
const newPasswordRule = `The password must have ${passwordLength.min} to ${passwordLength.max} characters and cannot be only spaces`;

export const newPasswordField = z
  .string({ error: newPasswordRule })
  .meta({ minLength: passwordLength.min, maxLength: passwordLength.max, examples: ["eight blue kites"] });

export const isNewPassword = (field: string) =>
  body(field, newPasswordRule)
    .isString()
    .bail()
    .isLength(passwordLength)
    .notEmpty({ ignore_whitespace: true });

export const isEmail = () => body("email", emailRule).isString().bail().isEmail();

const tokenRule = "The link's token is required";

/** As the link in an email contains it. */
export const tokenField = z
  .string({ error: tokenRule })
  .min(1, tokenRule)
  .max(200, tokenRule)
  .meta({ examples: [`6553f1000000000000000004-${"A".repeat(43)}`] });

export const invalidLink = () =>
  new BadRequestError("invalid-link", "This link has expired or has already been used");

/** @throws HttpError where no email is sent: the pages do not offer it */
export function requireMail(): void {
  if (config.MAIL === "off")
    throw new HttpError(404, "mail-off", "This installation of EventHive does not send email");
}
