import { body } from "express-validator";
import request from "supertest";
import { createApp } from "./create-app";
import { validateRequest } from "./validate-request";

const app = createApp((api) => {
  api.post(
    "/api/samples",
    body("title").isString().withMessage("A title is text").notEmpty().withMessage("A title is needed"),
    body("maker.name").isString().withMessage("Whose is it?"),
    validateRequest,
    (_req, res) => void res.sendStatus(204),
  );
});

it("accepts valid input", async () => {
  await request(app)
    .post("/api/samples")
    .send({ title: "Kite", maker: { name: "Ann" } })
    .expect(204);
});

it("reports the first error of each field, and the field", async () => {
  const { body: given } = await request(app).post("/api/samples").send({ title: 7 }).expect(400);
  expect(given).toMatchObject({
    code: "invalid-input",
    errors: [
      { message: "A title is text", field: "title" },
      { message: "Whose is it?", field: "maker.name" },
    ],
  });
});

it("rejects operators in place of plain values, and requests without a body", async () => {
  await request(app)
    .post("/api/samples")
    .send({ title: { $gt: "" }, maker: { name: "Ann" } })
    .expect(400);
  const { body: given } = await request(app).post("/api/samples").expect(400);
  expect(given.errors).toHaveLength(2);
});
