import { once } from "node:events";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import request from "supertest";
import { smtpMailer } from "../../auth/src/smtp-mailer";
import type { Mail } from "./mail";
import { pageServer } from "./page";
import { smtpServer } from "./smtp";
import { setUpMailbox } from "./testing";

const mailbox = setUpMailbox();

const send = (mail: { to?: string; subject?: string; text: string }) =>
  smtpMailer({ url: String(process.env.SMTP_URL), from: "no-reply@example.com", name: "localhost" }).send({
    to: "alice@example.com",
    subject: "Hello",
    ...mail,
  });

it("receives an email as it was written", async () => {
  const link = `http://localhost:3000/verify-email?token=${"a=b".repeat(60)}`;
  const written = `Grüße\n\n.a line with a dot\n.\n..\n${link}`;
  await send({ text: written });
  expect(mailbox.mails).toEqual([
    { to: "alice@example.com", subject: "Hello", text: written, receivedAt: expect.any(String) },
  ]);
});

it("shows emails, newest first, as text with links", async () => {
  const receivedAt = new Date().toISOString();
  const mails = [
    { to: "alice@example.com", subject: "First", text: "one", receivedAt },
    { to: "<b>", subject: "Second", text: "<script>: http://localhost:3000/a?token=1\n", receivedAt },
  ];
  const server = pageServer(mails);
  const { text: page } = await request(server).get("/").expect(200);
  expect(page).toContain('&lt;script&gt;: <a href="http://localhost:3000/a?token=1">');
  expect(page).toContain("&lt;b&gt;");
  expect(page.indexOf("Second")).toBeLessThan(page.indexOf("First"));
  const { body }: { body: Mail[] } = await request(server).get("/mails").expect(200);
  expect(body.map(({ subject }) => subject)).toEqual(["Second", "First"]);
  await request(server).get("/readyz").expect(200);
  await request(server).get("/other").expect(404);
});

it("ends the connection of a client that sends too much", async () => {
  const server = smtpServer(async () => true).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const socket = createConnection(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
  socket.on("error", () => {}); // reset while it still sends
  socket.write("DATA\r\n");
  for (let count = 0; count < 20; count++) socket.write(`${"x".repeat(64 * 1024)}\r\n`);
  await text(socket).catch(() => "");
  server.close();
});
