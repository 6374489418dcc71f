import { type Sweep, forEachDocument, logger, runPeriodically, seconds } from "@eventhive/common";
import { config, smtp } from "./config";
import { MailError, type Mailer } from "./mailer";
import { mailFor } from "./mails";
import { type MailOutcome, mailAttempts, mailLabels } from "./metrics";
import { type MailKind, accountsDue, claimLink, closeLink } from "./models/email-link";
import type { User } from "./models/user";
import { smtpMailer } from "./smtp-mailer";

let mailer: Mailer | undefined;

export function sendVerifications(signal?: AbortSignal): Promise<void> {
  return sendAll("verification", signal);
}

export function sendPasswordResets(signal?: AbortSignal): Promise<void> {
  return sendAll("passwordReset", signal);
}

export function sendPasswordChanges(signal?: AbortSignal): Promise<void> {
  return sendAll("passwordChanged", signal);
}

/** A request that stores an email kicks its sweep. Separate, so that many sign-ups do not delay the reset of a password. */
export const sendMails: Record<MailKind, Sweep> = {
  verification: runPeriodically(seconds(5), sendVerifications),
  passwordReset: runPeriodically(seconds(5), sendPasswordResets),
  passwordChanged: runPeriodically(seconds(5), sendPasswordChanges),
};

/**
 * Sends the emails that were requested, at least once. What fails, or was begun by a process that crashed, is repeated
 * later, for as long as its link would be valid, and at most ten times.
 */
async function sendAll(kind: MailKind, signal?: AbortSignal): Promise<void> {
  if (config.MAIL === "off") return;
  const { SMTP_URL: url, MAIL_FROM: from } = smtp;
  const by = (mailer ??= smtpMailer({ url, from, name: new URL(config.PUBLIC_URL).hostname }));
  await forEachDocument(accountsDue(kind), (user) => send(by, user, kind), signal);
}

async function send(by: Mailer, user: User, kind: MailKind): Promise<void> {
  const token = await claimLink(user, kind);
  if (!token) return;
  const outcome = await attempt(by, user, kind, token);
  if (outcome !== "failed") await closeLink(token, kind);
  mailAttempts.inc({ mail: mailLabels[kind], outcome });
}

async function attempt(by: Mailer, user: User, kind: MailKind, token: string): Promise<MailOutcome> {
  try {
    await by.send(mailFor(kind, user.email, token));
    return "sent";
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    logger.warn({ err: error, userId: user.id, kind }, "could not send an email");
    return error.isFinal ? "rejected" : "failed";
  }
}
