import type { Mutant } from "../mutant";

const link = "auth/src/models/email-link.ts";
const user = "auth/src/models/user.ts";
const mailer = "auth/src/smtp-mailer.ts";
const throttling = "auth/src/throttling.ts";
const mailTests = "auth/src/send-mails.test.ts";
const mailerTests = "auth/src/smtp-mailer.test.ts";
const resetTests = "auth/src/routes/password-reset.test.ts";
const verificationTests = "auth/src/routes/verification.test.ts";

export const mail: Mutant[] = [
  {
    guard: "auth: email: one process sends an email",
    file: link,
    change: {
      "const isSame = { _id: user.id, [`${kind}.dueAt`]: link.dueAt };": "const isSame = { _id: user.id };",
    },
    red: { [mailTests]: ["lets one of several processes send an email that all of them have found"] },
  },
  {
    guard: "auth: email: an attempt that a crash interrupted is repeated",
    file: link,
    change: { "new Date(clock.now() + backoffMs(link.attempts + 1, backoff))": "undefined" },
    red: { [mailTests]: ["sends the email of a process that crashed while it sent it"] },
  },
  {
    guard: "auth: email: an email is not sent when its link would have expired",
    file: link,
    change: { " || clock.now() >= link.requestedAt.getTime() + lifetimeMs(kind)": "" },
    red: {
      [mailTests]: [
        "repeats what the server did not accept, with growing pauses, as long as the link would be valid",
      ],
    },
  },
  {
    guard: "auth: email: attempts are limited",
    file: link,
    change: { "link.attempts >= maxAttempts || ": "" },
    red: { [mailTests]: ["makes no more than ten attempts"] },
  },
  {
    guard: "auth: email: what is requested during an attempt is sent",
    file: link,
    change: { ", [`${kind}.attempts`]: trusted({ $gt: 0 })": "" },
    red: { [mailTests]: ["sends again what is requested while an email is being sent"] },
  },
  {
    guard: "auth: email: a link is stored as a hash",
    file: link,
    change: { 'createHash("sha256").update(secret).digest("hex")': "secret.padEnd(createHash.length)" },
    red: { [mailTests]: ["stores the link as a hash only"] },
  },
  {
    guard: "auth: email: no email without encryption",
    file: mailer,
    change: { "requireTLS: !isSecure && !isLoopback(host)": "requireTLS: false" },
    red: { [mailerTests]: ["sends nothing without encryption to another machine"] },
  },
  {
    guard: "auth: email: a delivery has a time limit",
    file: mailer,
    change: {
      'withTimeout(delivery, timeoutMs, () => new MailError("delivery timed out")).catch(': "delivery.catch(",
    },
    red: { [mailerTests]: ["times out on a server that does not respond"] },
  },
  {
    guard: "auth: email: no address in an error",
    file: mailer,
    change: { "].filter((detail)": ", (error as Error).message].filter((detail)" },
    red: { [mailerTests]: ["reports a mailbox that does not exist without the address"] },
  },
  {
    guard: "auth: email: limit per mailbox",
    file: throttling,
    change: {
      "else await countAttempt(perMailbox(purpose), mailbox);": "",
    },
    red: {
      [resetTests]: ["sends at most five emails an hour to a mailbox, whether or not it has an account"],
      [verificationTests]: ["sends at most five emails an hour to a mailbox"],
    },
  },
  {
    guard: "auth: email: a known network has its own budget for resets of the password",
    file: throttling,
    change: { "if (request.isKnownNetwork) await": "if (mailbox === '') await" },
    red: {
      [resetTests]: [
        "a user who has signed in before can reset the password from that network although a stranger has requested too many emails",
      ],
    },
  },
  {
    guard: "auth: email: the budget of a known network is limited",
    file: throttling,
    change: {
      "await countAttempt(perMailboxInKnownNetwork(), `${mailbox} ${network}`);":
        "void perMailboxInKnownNetwork;",
    },
    red: {
      [resetTests]: ["a user who has signed in before is sent five emails an hour on request from there"],
    },
  },
  {
    guard: "auth: email: limit per network",
    file: throttling,
    change: {
      'await countAttempt(perHour("mails_of_network", MAX_MAILS_PER_NETWORK_PER_HOUR), network);': "",
    },
    red: { [resetTests]: ["limits the emails that a network and a site request"] },
  },
  {
    guard: "auth: email: limit per site",
    file: throttling,
    change: {
      'await countAttempt(perHour("mails_of_site", MAX_MAILS_PER_SITE_PER_HOUR), site);': "",
    },
    red: { [resetTests]: ["limits the emails that a network and a site request"] },
  },
  {
    guard: "auth: email: the owner of a new password is informed",
    file: user,
    change: { "this.passwordChanged = dueMail();": "" },
    red: {
      [mailTests]: ["informs the owner of a changed password, without a secret"],
      [resetTests]: ["informs the owner of the new password"],
    },
  },
  {
    guard: "auth: email: limit of emails about new passwords",
    file: "auth/src/routes/change-password.ts",
    change: { 'await mayBeMailed("passwordChanged", asked.email)': "Boolean(mayBeMailed)" },
    red: {
      [mailTests]: ["informs the owner of at most five changes an hour, but changes the password regardless"],
    },
  },
  {
    guard: "auth: verification: a link is valid once",
    file: link,
    change: {
      "{ $set: { emailVerified: true }, $unset: { verification: 1 } }": "{ $set: { emailVerified: true } }",
    },
    red: {
      [verificationTests]: ["verifies a new account's address via the emailed link, once"],
    },
  },
  {
    guard: "auth: verification: a link expires",
    file: link,
    change: { '"verification.expiresAt": trusted({ $gt: clock.date() }),': "" },
    red: { [verificationTests]: ["rejects a link that has expired, and one that was replaced"] },
  },
  {
    guard: "auth: verification: wrong links are counted",
    file: throttling,
    change: { "if (found) await attempt.undo();": "await attempt.undo();" },
    red: { [verificationTests]: ["counts wrong links as failed sign-ins from their address"] },
  },
  {
    guard: "auth: reset: a link is valid once",
    file: user,
    change: { "this.passwordReset = undefined;": "" },
    red: {
      [resetTests]: [
        "sets a new password via the emailed link, once, and ends all sessions",
        "accepts one of several concurrent uses of a link",
      ],
    },
  },
  {
    guard: "auth: reset: a link expires",
    file: link,
    change: { " || expiresAt <= clock.date()": "" },
    red: { [resetTests]: ["rejects a link after 30 minutes, and one that a later email replaced"] },
  },
  {
    guard: "auth: reset: the secret of the link is compared",
    file: link,
    change: {
      "timingSafeEqual(Buffer.from(secretHash), Buffer.from(hashOf(secret)))": "hashOf(secret)",
    },
    red: { [resetTests]: ["rejects a link after 30 minutes, and one that a later email replaced"] },
  },
  {
    guard: "auth: reset: sessions end",
    file: user,
    change: {
      "this.changePassword(hash);":
        'this.password = hash;\n      this.passwordReset = undefined;\n      this.recordNothing("");',
    },
    red: { [resetTests]: ["sets a new password via the emailed link, once, and ends all sessions"] },
  },
  {
    guard: "auth: reset: an email without an account costs the same",
    file: "auth/src/routes/request-password-reset.ts",
    change: { "requestNothing(email));": "undefined);" },
    red: {
      [resetTests]: ["responds the same, after the same writes, whether the email has an account or not"],
    },
  },
];
