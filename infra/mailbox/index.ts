import type { Mail } from "./mail";
import { pageServer } from "./page";
import { smtpServer } from "./smtp";

// Replaces a mail server on this machine: keeps the latest emails in memory and shows them on a page.

const maxMails = 500;

const { PORT, SMTP_PORT } = process.env;
if (!PORT || !SMTP_PORT) {
  console.error("The mailbox needs PORT, for its page, and SMTP_PORT");
  process.exit(1);
}

const mails: Mail[] = [];
const smtp = smtpServer(async (mail) => {
  mails.push(mail);
  if (mails.length > maxMails) mails.shift();
  return true;
});
// The page is the sign that it is ready, so it opens last.
smtp.listen(Number(SMTP_PORT), "127.0.0.1", () => {
  pageServer(mails).listen(Number(PORT), "127.0.0.1", () => {
    console.log(`The mailbox is at http://127.0.0.1:${PORT}`);
  });
});

// Nothing to finish: an email that was not acknowledged is sent again.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
