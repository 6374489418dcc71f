import { Counter } from "prom-client";

export type RefusalReason = "network" | "full" | "timeout";

export const refusedHashes = new Counter({
  name: "password_hashes_refused_total",
  help: "Sign-ins and sign-ups rejected by their queue: the network has used its share, the queue is full, or the request timed out",
  labelNames: ["queue", "reason"],
});

const attemptLimits = [
  "sign_ins_of_account",
  "sign_ins_of_account_in_known_network",
  "sign_ins_of_network",
  "sign_ups_of_network",
  "sign_ups_of_site",
  "session_ends_of_account",
  "verifications_of_mailbox",
  "password_resets_of_mailbox",
  "password_resets_of_mailbox_in_known_network",
  "password_changes_of_mailbox",
  "mails_of_network",
  "mails_of_site",
] as const;

/** The limits that an attempt can be refused by. */
export type AttemptLimit = (typeof attemptLimits)[number];

export const refusedAttempts = new Counter({
  name: "attempts_refused_total",
  help: "Sign-ins, sign-ups, requests to end all sessions, and emails rejected, by the limit that was reached",
  labelNames: ["limit"],
});

// Initialized with 0; otherwise, the first increment would not be visible as an increase.
for (const queue of ["sign_in", "sign_up"])
  for (const reason of ["network", "full", "timeout"] satisfies RefusalReason[])
    refusedHashes.inc({ queue, reason }, 0);
for (const limit of attemptLimits) refusedAttempts.inc({ limit }, 0);

export type MailOutcome = "sent" | "failed" | "rejected";

export const mailAttempts = new Counter({
  name: "mail_attempts_total",
  help: "Attempts to send an email: accepted by the SMTP server, to be repeated, or permanently rejected because of the address",
  labelNames: ["mail", "outcome"],
});

export const mailLabels = {
  verification: "verification",
  passwordReset: "password_reset",
  passwordChanged: "password_changed",
} as const;

for (const mail of Object.values(mailLabels))
  for (const outcome of ["sent", "failed", "rejected"] satisfies MailOutcome[])
    mailAttempts.inc({ mail, outcome }, 0);
