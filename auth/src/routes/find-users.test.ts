import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { admin, registered } from "../../test/fixtures";

setUpService(database);

it("finds an account by its email, however it is written, and shows no secrets", async () => {
  const { cookie } = await admin();
  const { id } = await registered("u@bücher.example");
  const find = (email: string) => request(app).get("/api/users").query({ email }).set("Cookie", cookie);
  const found = {
    id,
    email: "u@bücher.example",
    createdAt: expect.any(String),
    banned: false,
    banChanges: [],
  };
  for (const email of ["u@bücher.example", " U@xn--bcher-kva.example"])
    expect((await find(email).expect(200)).body).toEqual([found]);
  expect((await find("bob@example.com").expect(200)).body).toEqual([]);
  await find(" ").expect(400);
});
