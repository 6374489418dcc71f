import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { database } from "./database";
import { removeVerificationAccounts } from "./remove-verification-accounts";
import { password } from "../test/fixtures";

setUpService(database);

const emails = ["buyer-1@verification.invalid", "buyer@verification.invalid.example.com", "u@example.com"];

it("removes only the accounts of verifications, and reports how many", async () => {
  for (const email of emails)
    await request(app).post("/api/users/signup").send({ email, password }).expect(201);
  const print = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  await removeVerificationAccounts();
  await removeVerificationAccounts();
  expect(print.mock.calls).toEqual([["removed 1\n"], ["removed 0\n"]]);
  print.mockRestore();
  const signIn = (email = "") => request(app).post("/api/users/signin").send({ email, password });
  expect((await signIn(emails[0]).expect(400)).body.code).toBe("invalid-credentials");
  await signIn(emails[1]).expect(200);
  await signIn(emails[2]).expect(200);
});
