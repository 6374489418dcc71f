import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { createInterface } from "node:readline";
import type { MailError } from "./mailer";
import { smtpMailer } from "./smtp-mailer";

const to = "alice@example.com";
let servers: Server[] = [];
let sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  [servers, sockets] = [[], []];
});

/** A server that gives these answers, by the first word of a command. Without an answer, it is silent. */
async function serverWith(answers: Record<string, string>): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    const say = (answer?: string) => answer && socket.write(`${answer}\r\n`);
    say(answers.greeting);
    createInterface(socket).on("line", (line) => say(answers[line.split(" ", 1)[0] ?? ""]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function failureOf(url: string, timeoutMs?: number): Promise<MailError> {
  const mailer = smtpMailer({ url, from: "no-reply@example.com", name: "localhost", timeoutMs });
  return mailer.send({ to, subject: "Hello", text: "Hello" }).then(
    () => Promise.reject(new Error("The email was sent")),
    (error: MailError) => error,
  );
}

const ready = { greeting: "220 ready", EHLO: "250 here", MAIL: "250 OK", RCPT: "250 OK", QUIT: "221 Bye" };

it.each([
  ["a mailbox that does not exist", { RCPT: `550 5.1.1 <${to}>: no such user` }, true],
  ["a mailbox that is full", { RCPT: `452 4.2.2 <${to}> is full` }, false],
  ["a server that rejects the sender", { MAIL: "550 5.7.1 Not authenticated" }, false],
])("reports %s without the address", async (_, answers, isFinal) => {
  const port = await serverWith({ ...ready, ...answers });
  const error = await failureOf(`smtp://127.0.0.1:${port}`);
  expect(error).toMatchObject({ name: "MailError", isFinal });
  expect(error.message).toMatch(/EENVELOPE .* (550|452)$/);
  expect(JSON.stringify([error.message, error.stack, Object.entries(error)])).not.toContain(to);
  expect(error.cause).toBeUndefined();
});

it("sends nothing without encryption to another machine", async () => {
  const port = await serverWith({ ...ready, STARTTLS: "502 Not implemented" });
  const error = await failureOf(`smtp://user:secret@0.0.0.0:${port}`);
  expect(error.message).toContain("ETLS");
});

it.each(['"a<b"@example.com', "a@example.com, b@example.com", '"a b"@example.com'])(
  "does not send to %s, which could reach another mailbox",
  async (address) => {
    const mailer = smtpMailer({ url: "smtp://127.0.0.1:1", from: "no-reply@example.com", name: "localhost" });
    const sent = mailer.send({ to: address, subject: "Hello", text: "Hello" });
    await expect(sent).rejects.toMatchObject({ name: "MailError", isFinal: true });
  },
);

it("times out on a server that does not respond", async () => {
  const port = await serverWith({ greeting: "220 ready" });
  const error = await failureOf(`smtp://127.0.0.1:${port}`, 100);
  expect(error).toMatchObject({ message: "delivery timed out", isFinal: false });
});
