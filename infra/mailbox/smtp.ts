import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type Mail, parseMail } from "./mail";

const maxBytes = 1024 * 1024;
const timeoutMs = 30_000;

type OnMail = (mail: Mail) => Promise<boolean>;

/**
 * Of RFC 5321, what a client needs to hand over an email.
 * @param onMail returns whether the email was accepted
 */
export function smtpServer(onMail: OnMail): Server {
  return createServer((socket) => {
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    limitSize(socket);
    receive(socket, onMail);
  });
}

function limitSize(socket: Socket): void {
  socket.on("data", () => {
    if (socket.bytesRead > maxBytes) socket.destroy();
  });
}

function receive(socket: Socket, onMail: OnMail): void {
  const reply = (line: string) => void socket.write(`${line}\r\n`);
  let to: string[] = [];
  /** The lines of the email that is being received. */
  let lines: string[] | undefined;

  const commands: Record<string, (line: string) => void> = {
    EHLO: () => reply("250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8"),
    HELO: () => reply("250 mailbox"),
    MAIL: () => ((to = []), reply("250 OK")),
    RCPT: (line) => (to.push(/<(.*)>/.exec(line)?.[1] ?? ""), reply("250 OK")),
    DATA: () => ((lines = []), reply("354 End with a dot")),
    RSET: () => reply("250 OK"),
    NOOP: () => reply("250 OK"),
    QUIT: () => (reply("221 Bye"), socket.end()),
  };

  createInterface({ input: socket, crlfDelay: Infinity }).on("line", (line) => {
    if (!lines) {
      const command = commands[line.slice(0, 4).toUpperCase()];
      return command ? command(line) : reply("502 Not implemented");
    }
    if (line !== ".") return void lines.push(line.replace(/^\./, ""));
    const mail = parseMail(to.join(", "), lines);
    lines = undefined;
    void onMail(mail).then((isAccepted) => reply(isAccepted ? "250 OK" : "451 Try again later"));
  });
  reply("220 mailbox");
}
