import { domainToASCII } from "node:url";

/**
 * One form for all spellings of a mailbox: lower case, composed letters (NFC), and the domain as DNS has it (Punycode).
 * Identifies the owner of an e-mail; users see the spelling that they entered.
 */
export function canonicalEmail(email: string): string {
  const at = email.lastIndexOf("@") + 1;
  const local = composed(email.slice(0, at));
  const domain = email.slice(at);
  // An invalid domain has no canonical form.
  return local + (domainToASCII(domain) || composed(domain));
}

const composed = (text: string) => text.normalize("NFC").toLowerCase().normalize("NFC");
