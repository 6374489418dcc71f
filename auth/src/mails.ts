import { config } from "./config";
import type { Mail } from "./mailer";
import { type MailKind, lifetimeMs } from "./models/email-link";

interface Template {
  subject: string;
  /** The path of the link, and whether the link contains the token. */
  page: string;
  hasToken: boolean;
  text: (link: string, validFor: string) => string;
}

const templates: Record<MailKind, Template> = {
  verification: {
    subject: "Confirm your email address",
    page: "/verify-email",
    hasToken: true,
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
    hasToken: true,
    text: (link, validFor) => `Someone, hopefully you, asked to reset the password of your EventHive account.

Set a new password here:

${link}

The link is valid for ${validFor} and works only once.

If it was not you, ignore this email. Your password has not been changed.
`,
  },
  passwordChanged: {
    subject: "Your password was changed",
    page: "/forgot-password",
    hasToken: false,
    text: (
      link,
    ) => `The password of your EventHive account was changed, and all other sessions were signed out.

If it was not you, set a new password now:

${link}
`,
  },
};

export function mailFor(kind: MailKind, to: string, token: string): Mail {
  const { subject, page, hasToken, text } = templates[kind];
  const link = new URL(hasToken ? `${page}?token=${token}` : page, config.PUBLIC_URL);
  return { to, subject, text: text(link.href, duration(lifetimeMs(kind))) };
}

/** In hours if there are two or more. */
function duration(milliseconds: number): string {
  const inMinutes = Math.ceil(milliseconds / 60_000);
  if (inMinutes >= 120) return `${Math.floor(inMinutes / 60)} hours`;
  return `${inMinutes} minutes`;
}
