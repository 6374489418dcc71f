import type { Mail } from "../infra/mailbox/mail";
import { eventually } from "../common/src/testing/eventually";
import { processNamed } from "./stack";

/** The path of the link in the latest email with this subject to this address, once it has arrived. */
export async function linkTo(email: string, subject: string): Promise<string> {
  let link = "";
  await eventually(async () => {
    const response = await fetch(`${processNamed("mailbox").url}/mails`);
    const mails: Mail[] = JSON.parse(await response.text());
    const mail = mails.find((each) => each.to === email && each.subject === subject);
    const [, path] = /^http:\/\/localhost:\d+(\/\S+)$/m.exec(mail?.text ?? "") ?? [];
    if (!path) throw new Error(`${email} has no email "${subject}"`);
    link = path;
  });
  return link;
}
