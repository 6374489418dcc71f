import { setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { sendMails } from "../send-mails";
import { password, registered } from "../../test/fixtures";

setUpService(database);

const email = "alice@example.com";

it("sends no email and responds with email-off where there is no SMTP server", async () => {
  const { id } = await registered();
  const { body } = await request(app).post("/api/users/password-reset").send({ email }).expect(404);
  expect(body.code).toBe("mail-off");
  const again = await request(app).post("/api/users/verification").set("Cookie", signedIn(id)).expect(404);
  expect(again.body.code).toBe("mail-off");
  await sendMails.verification.run();
});

it("stores no email with a new account and a changed password", async () => {
  const { body } = await request(app).post("/api/users/signup").send({ email, password }).expect(201);
  await request(app)
    .post("/api/users/password")
    .set("Cookie", signedIn(body.id, email))
    .send({ password, newPassword: "battery staple" })
    .expect(200);
  const { verification, passwordChanged } = await User.findOne().orFail();
  expect([verification, passwordChanged]).toEqual([undefined, undefined]);
});
