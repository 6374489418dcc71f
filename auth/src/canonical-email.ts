import { domainToASCII } from "node:url";

/**
 * One form for all spellings of a mailbox: lower case, composed letters (NFC), and the domain as DNS has it (Punycode).
 * Decides whose e-mail it is; what people are shown is what they gave.
 */
export function canonicalEmail(email: string): string {
  const at = email.lastIndexOf("@") + 1;
  const local = composed(email.slice(0, at));
  const domain = email.slice(at);
  // What cannot be a domain has no other spelling.
  return local + (domainToASCII(domain) || composed(domain));
}

const composed = (text: string) => text.normalize("NFC").toLowerCase().normalize("NFC");
