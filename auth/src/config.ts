import { choice, durationInSeconds, settings, text, url, wholeNumber } from "@eventhive/common";
import { z } from "zod";

export const config = settings({
  /** scrypt's N for new hashes. Twice the cost is twice the time and the memory: 128 MiB for each hashing at 2^17. */
  PASSWORD_COST: wholeNumber()
    .refine((cost) => cost >= 2 && cost <= 2 ** 20 && Number.isInteger(Math.log2(cost)), {
      message: "must be a power of two, at most 2^20",
    })
    .default(2 ** 17),
  /** Sign-ups per hour of one network (an IPv4 address, or the first 64 bits of IPv6). */
  SIGNUPS_PER_HOUR: wholeNumber().default(1000),
  /** The same, of one site: the owner of an IPv6 /48 has 65,536 networks. */
  SIGNUPS_PER_SITE_PER_HOUR: wholeNumber().default(3000),
  /** Failed sign-ins to one account per hour before further ones are delayed. */
  MAX_FAILED_SIGN_INS: wholeNumber().default(10),
  /** The same, from one network (an IPv4 address, or the first 64 bits of IPv6), to any accounts. */
  MAX_FAILED_SIGN_INS_PER_NETWORK: wholeNumber().default(200),
  /** How often an account may end its sessions per hour before further requests are delayed. */
  MAX_SESSION_ENDS_PER_HOUR: wholeNumber().default(10),
  /** The lengths of the queues of sign-ins and of sign-ups. */
  MAX_PENDING_HASHES: wholeNumber().default(100),
  /** Maximum time in a queue: less than the timeout of gateways. */
  HASHING_QUEUE_TIMEOUT: durationInSeconds().default(15),
  /** How many networks that an account has signed in from are remembered. */
  MAX_KNOWN_NETWORKS: wholeNumber().default(10),
  /** How long a network is remembered after a sign-in from it. */
  KNOWN_NETWORK_EXPIRES_IN: durationInSeconds().default(90 * 24 * 3600),
  /** The public address of EventHive. Links in emails begin with it. */
  PUBLIC_URL: url(),
  /** Required with an SMTP server, so that none is left unused by mistake. Without email, users cannot reset a password. */
  MAIL: choice("smtp", "off")
    .optional()
    .refine((mail) => mail !== undefined || !process.env.SMTP_URL)
    .transform((mail) => mail ?? "off"),
  /** How long a link in an email is valid, and how long the email is retried. */
  VERIFICATION_EXPIRES_IN: durationInSeconds().default(24 * 3600),
  PASSWORD_RESET_EXPIRES_IN: durationInSeconds().default(30 * 60),
  /** Emails of one kind that can be requested for one mailbox per hour. */
  MAX_MAILS_PER_HOUR: wholeNumber().default(5),
  /** Emails that one network can request per hour, for any mailboxes; sign-ups have limits of their own. */
  MAX_MAILS_PER_NETWORK_PER_HOUR: wholeNumber().default(100),
  /** The same, of one site. */
  MAX_MAILS_PER_SITE_PER_HOUR: wholeNumber().default(300),
});

const mailbox = /^[^\s@<>]+@[^\s@<>]+$|^[^@<>\r\n]+ <[^\s@<>]+@[^\s@<>]+>$/;

/** How email is sent. */
export const smtp = settings(
  {
    /** `smtps:` encrypts from the start, `smtp:` by STARTTLS. */
    SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be a URL with smtp: or smtps:" }),
    /** The sender: `no-reply@example.com`, or `EventHive <no-reply@example.com>`. */
    MAIL_FROM: text().regex(mailbox, "must be an email address, with or without a name"),
  },
  () => process.env.MAIL === "smtp",
);
