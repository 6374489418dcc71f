export interface Mail {
  /** The recipients, separated by commas. */
  to: string;
  subject: string;
  text: string;
  receivedAt: string;
}

/** An email with one text, as auth sends it: 7-bit, or quoted-printable in UTF-8 (RFC 2045, 6.7). */
export function parseMail(to: string, lines: string[]): Mail {
  const end = lines.indexOf("");
  const headers = lines.slice(0, end).join("\n").replaceAll(/\n\s+/g, " ");
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(headers)?.[1] ?? "";
  const body = lines.slice(end + 1).join("\n");
  const isEncoded = header("Content-Transfer-Encoding") === "quoted-printable";
  return {
    to,
    subject: header("Subject"),
    text: isEncoded ? decoded(body) : body,
    receivedAt: new Date().toISOString(),
  };
}

function decoded(text: string): string {
  const bytes = text
    .replaceAll("=\n", "")
    .replaceAll(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
