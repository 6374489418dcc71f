import { signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";

it("clears the cookie", async () => {
  const agent = request.agent(app);
  const { body, headers } = await agent
    .post("/api/users/signout")
    .set("Cookie", signedIn())
    .send({})
    .expect(200);
  expect(body).toEqual({});
  expect(headers["set-cookie"]).toEqual([
    expect.stringMatching(/^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT;.* httponly/),
  ]);
  expect((await agent.get("/api/users/currentuser")).body).toEqual({ currentUser: null });
});

it("returns the same response without a session", async () => {
  const { body } = await request(app).post("/api/users/signout").expect(200);
  expect(body).toEqual({});
});
