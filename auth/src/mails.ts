import { config } from "./config";
import type { Mail } from "./mailer";
import { type Purpose, lifetimeMs } from "./models/email-link";

const texts: Record<
  Purpose,
  { subject: string; page: string; text: (link: string, validFor: string) => string }
> = {
  verification: {
    subject: "Confirm your email address",
    page: "/verify-email",
    text: (link, validFor) => `Welcome to EventHive.

Please confirm that this email address is yours:

${link}

The link is valid for ${validFor} and works only once.

If you did not sign up, ignore this email.
`,
  },
  passwordReset: {
    subject: "Reset your password",
    page: "/reset-password",
    text: (link, validFor) => `Someone, hopefully you, asked to reset the password of your EventHive account.

Set a new password here:

${link}

The link is valid for ${validFor} and works only once.

If it was not you, ignore this email. Your password has not been changed.
`,
  },
};

export function mailFor(purpose: Purpose, to: string, token: string): Mail {
  const { subject, page, text } = texts[purpose];
  const link = new URL(`${page}?token=${token}`, config.PUBLIC_URL);
  return { to, subject, text: text(link.href, duration(lifetimeMs(purpose))) };
}

/** In hours if there are two or more. */
function duration(milliseconds: number): string {
  const inMinutes = Math.ceil(milliseconds / 60_000);
  if (inMinutes >= 120) return `${Math.floor(inMinutes / 60)} hours`;
  return `${inMinutes} minutes`;
}
