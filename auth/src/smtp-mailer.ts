import { isIP } from "node:net";
import { seconds, withTimeout } from "@eventhive/common";
import { type NodemailerError, createTransport } from "nodemailer";
import { type Mailer, MailError } from "./mailer";

interface Options {
  url: string;
  from: string;
  /** The name by which this server introduces itself. */
  name: string;
  /** Of a whole delivery. Each of its phases has a shorter limit. */
  timeoutMs?: number;
}

/**
 * Sends through an SMTP server, one connection for each email. Encrypts, and checks the certificate, except towards a
 * server on this machine.
 */
export function smtpMailer({ url, from, name, timeoutMs = seconds(40) }: Options): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = decodeURIComponent(hostname).replace(/^\[|\]$/g, "");
  const isSecure = protocol === "smtps:";
  const transport = createTransport(
    {
      host,
      port: Number(port || (isSecure ? 465 : 587)),
      secure: isSecure,
      requireTLS: !isSecure && !isLoopback(host),
      ignoreTLS: isLoopback(host),
      ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      name,
      dnsTimeout: seconds(5),
      connectionTimeout: seconds(10),
      greetingTimeout: seconds(10),
      socketTimeout: seconds(10),
      maxResponseSize: 64 * 1024,
      tls: { minVersion: "TLSv1.2" },
    },
    {
      from,
      textEncoding: "quoted-printable",
      headers: { "Auto-Submitted": "auto-generated" }, // RFC 3834: no replies by machines
      xMailer: false,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
  );
  return {
    send: async ({ to, subject, text }) => {
      if (isUnusual.test(to)) throw new MailError("nodemailer would change the address", true);
      // As an object, or nodemailer would parse it as a list.
      const delivery = transport.sendMail({ to: { name: "", address: to }, subject, text });
      // After a timeout, the server may still accept the email.
      await withTimeout(delivery, timeoutMs, () => new MailError("delivery timed out")).catch(
        (error: unknown) => {
          throw mailError(error);
        },
      );
    },
  };
}

/** Characters that only a quoted local part may contain (RFC 5321, 4.1.2). */
const isUnusual = /["(),:;<>[\\\]\s]/;

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** Without nodemailer's message and the server's response, which contain the address. */
function mailError(error: unknown): MailError {
  if (error instanceof MailError) return error;
  const { code, command, responseCode } = error as NodemailerError;
  const isRejected = command === "RCPT TO" && (responseCode ?? 0) >= 500;
  const details = [code, command, responseCode].filter((detail) => detail !== undefined).join(" ");
  return new MailError(
    `The SMTP server did not accept an email: ${details}`,
    code === "EENVELOPE" && (isRejected || command === "API"),
  );
}
