import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Mail } from "./mail";
import { smtpServer } from "./smtp";

export interface Mailbox {
  /** Oldest first. */
  mails: Mail[];
  /** Decides which emails it accepts: by default, all. */
  accepts: (mail: Mail) => boolean | Promise<boolean>;
}

/** Gives a test file a mailbox of its own, empty before each test, to which the service sends. */
export function setUpMailbox(): Mailbox {
  const mailbox: Mailbox = { mails: [], accepts: () => true };
  const server = smtpServer(async (mail) => {
    const isAccepted = await mailbox.accepts(mail);
    if (isAccepted) mailbox.mails.push(mail);
    return isAccepted;
  });
  Object.assign(process.env, { MAIL: "smtp", MAIL_FROM: "EventHive <no-reply@example.com>" });

  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    process.env.SMTP_URL = `smtp://127.0.0.1:${port}`;
  });

  beforeEach(() => Object.assign(mailbox, { mails: [], accepts: () => true }));

  afterAll(() => void server.close());

  return mailbox;
}

/** The token of the link in an email. */
export function tokenIn(mail: Mail | undefined): string {
  const token = /\?token=([\w-]+)$/m.exec(mail?.text ?? "")?.[1];
  if (!token) throw new Error(`There is no link in ${JSON.stringify(mail)}`);
  return token;
}
