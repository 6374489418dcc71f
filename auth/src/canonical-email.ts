import { domainToASCII } from "node:url";

/** A part of an unquoted local part, between dots (RFC 5321, 4.1.2; RFC 6531 adds all characters beyond ASCII). */
const atom = /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+$/u;

/**
 * One form for all spellings of a mailbox: lower case, composed letters (NFC), no quotes or backslashes that the local
 * part does not need, and the domain as DNS has it (Punycode).
 * Identifies the owner of an email; users see the spelling that they entered.
 */
export function canonicalEmail(email: string): string {
  const at = email.lastIndexOf("@");
  const local = composed(withoutQuotes(email.slice(0, Math.max(0, at))));
  const domain = email.slice(at + 1);
  // An invalid domain has no canonical form.
  return `${local}${at < 0 ? "" : "@"}${domainToASCII(domain) || composed(domain)}`;
}

function withoutQuotes(local: string): string {
  const quoted = /^"(.*)"$/su.exec(local)?.[1];
  if (quoted === undefined) return local;
  const content = quoted.replaceAll(/\\(.)/gsu, "$1");
  return content.split(".").every((part) => atom.test(part))
    ? content
    : `"${content.replaceAll(/["\\]/g, "\\$&")}"`;
}

const composed = (text: string) => text.normalize("NFC").toLowerCase().normalize("NFC");
