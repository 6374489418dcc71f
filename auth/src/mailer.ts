export interface Mail {
  /** One address. */
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  /**
   * Resolves when the email was accepted for delivery.
   * @throws MailError when it was not, or the outcome is unknown
   */
  send(mail: Mail): Promise<void>;
}

/** Its message contains no address, because it is logged. */
export class MailError extends Error {
  override readonly name = "MailError";

  constructor(
    message: string,
    /** Another attempt would fail, too: the mailbox does not exist. */
    readonly isFinal = false,
  ) {
    super(message);
  }
}
