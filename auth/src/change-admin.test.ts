import { setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { grantAdmin, revokeAdmin } from "./change-admin";
import { database } from "./database";
import { registered } from "../test/fixtures";

setUpService(database);

it("grants and revokes the role of an existing account, with immediate effect on its sessions", async () => {
  const { id, email } = await registered();
  const cookie = signedIn(id, email);
  const find = () => request(app).get("/api/users").query({ email }).set("Cookie", cookie);
  const print = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  await find().expect(403);
  await grantAdmin(["Alice@example.com"]);
  await find().expect(200);
  await revokeAdmin([email]);
  await find().expect(403);
  expect(print.mock.calls).toEqual([
    ["alice@example.com is now an administrator\n"],
    ["alice@example.com is no longer an administrator\n"],
  ]);
  print.mockRestore();
});

it("rejects an email without an account, and names it", async () => {
  await expect(grantAdmin(["bob@example.com"])).rejects.toThrow(
    'no account with the email "bob@example.com"',
  );
  await expect(grantAdmin([])).rejects.toThrow("no account");
});
