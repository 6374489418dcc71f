import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { ticketOnSale } from "../../test/fixtures";

setUpService(database);

const seller = newId();

describe.each(["post", "put"] as const)("by %s", (method) => {
  let path = "/api/tickets";
  beforeEach(async () => {
    const ticket = await ticketOnSale({ userId: seller });
    if (method === "put") path = `/api/tickets/${ticket.id}`;
  });
  const send = () => request(app)[method](path).set("Cookie", signedIn(seller));

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["blank", " \t\n "],
    ["longer than 200 characters", "x".repeat(201)],
    ["longer than 200 emoji", "🎸".repeat(201)],
    ["a number", 5],
    ["a list", ["Chamber music"]],
    ["an operator", { $gt: "" }],
  ])("refuses a title that is %s", async (_, title) => {
    const { body } = await send().send({ title, price: 20 }).expect(400);
    expect(body.code).toBe("invalid-input");
    expect(body.errors).toEqual([{ field: "title", message: "The title must have 1 to 200 characters" }]);
  });

  it.each([
    ["a zero-width space", "\u200b"],
    ["a byte order mark and joiners", "\ufeff\u200d\u2060"],
    ["soft hyphens", "\u00ad\u00ad"],
    ["a Hangul filler", "\u3164"],
    ["a halfwidth Hangul filler", "\uffa0"],
    ["a blank braille pattern", "\u2800"],
    ["spaces between what cannot be seen", "\u200b \u00a0 \u2800"],
    ["variation selectors", "\ufe0f\ufe0f"],
    ["tags", "\u{e0041}"],
    ["a mark without a letter", "\u0301"],
    ["a mark that only sets the direction", "\u200f"],
    ["a musical null notehead", "\u{1d159}"],
    ["blank hieroglyphs", "\u{13441}\u{13442}"],
    ["an unassigned character", "\u0378"],
    ["characters of private use", "\ue000\u{100000}"],
    ["an object replacement character", "\ufffc"],
  ])("refuses a title of nothing but %s", async (_, title) => {
    const { body } = await send().send({ title, price: 20 }).expect(400);
    expect(body.errors).toEqual([
      { field: "title", message: expect.stringMatching(/visible|1 to 200 characters/) },
    ]);
  });

  it.each([
    ["an override of direction", "Chamber \u202emusic"],
    ["an embedding of direction", "Chamber \u202amusic\u202c"],
    ["an isolate of direction", "Chamber \u2066music\u2069"],
    ["a line break", "Chamber\nmusic"],
    ["a tab", "Chamber\tmusic"],
    ["a null character", "Chamber\u0000music"],
    ["an escape character", "\u001b[31mChamber music"],
    ["a C1 control character", "Chamber\u0085music"],
    ["a line separator", "Chamber\u2028music"],
    ["a noncharacter", "Chamber\uffffmusic"],
  ])("refuses a title with %s", async (_, title) => {
    const { body } = await send().send({ title, price: 20 }).expect(400);
    expect(body.code).toBe("invalid-input");
    expect(body.errors).toMatchObject([
      { field: "title", message: expect.stringContaining("must not have") },
    ]);
  });

  it.each(["\\ud83c", "\\udfb8 guitar", "a \\udfb8\\ud83c b"])(
    "rejects a title with a lone surrogate, %s",
    async (title) => {
      const { body } = await send().type("json").send(`{"title":"${title}","price":20}`).expect(400);
      expect(body.errors).toMatchObject([{ field: "title" }]);
    },
  );

  it.each([
    ["200 emoji", "🎸".repeat(200)],
    ["an emoji of several characters", "👩‍👩‍👧‍👦 family day"],
    ["a flag made of tags", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 England"],
    ["an emoji alone", "🎸"],
    ["Hebrew with a mark of direction", "מופע \u200fג'אז"],
    ["Persian with a non-joiner", "می‌خواهم"],
    ["signs alone", "?!"],
  ])("accepts a title with %s as it is", async (_, title) => {
    const { body } = await send().send({ title, price: 20 });
    expect(body.title).toBe(title);
  });

  it("stores a title in its composed form", async () => {
    const { body } = await send().send({ title: "Soire\u0301e", price: 20 });
    expect(body.title).toBe("Soir\u00e9e");
  });

  it.each([
    ["missing", undefined],
    ["text", "20"],
    ["nothing", null],
    ["a list", [20]],
    ["an operator", { $gt: 0 }],
    ["negative", -20],
    ["below 0.50", 0.49],
    ["above 999,999.99", 1_000_000],
    ["finer than two decimals", 20.005],
  ])("refuses a price that is %s", async (_, price) => {
    const { body } = await send().send({ title: "Chamber music", price }).expect(400);
    expect(body.code).toBe("invalid-input");
    expect(body.errors).toMatchObject([{ field: "price" }]);
  });

  it("names each invalid field", async () => {
    const { body } = await send().send({}).expect(400);
    expect(body.errors).toMatchObject([{ field: "title" }, { field: "price" }]);
  });

  it("stores nothing that it rejects", async () => {
    await send().send({ title: "Early music", price: -1 }).expect(400);
    expect(await Ticket.find()).toMatchObject([{ title: "Chamber music", price: 20, version: 0 }]);
  });

  it("rejects a number outside the range of a double", async () => {
    const { body } = await send().type("json").send('{"title":"Chamber music","price":1e400}').expect(400);
    expect(body.errors).toMatchObject([{ field: "price" }]);
  });

  it("rejects malformed JSON", async () => {
    const { body } = await send().type("json").send('{"title":').expect(400);
    expect(body.code).toBe("malformed");
  });

  it("rejects a body that is too large", async () => {
    const { body } = await send()
      .send({ title: "x".repeat(20_000), price: 20 })
      .expect(413);
    expect(body.code).toBe("too-large");
  });

  it("rejects a body that is not JSON", async () => {
    const { body } = await send().type("form").send({ title: "Chamber music", price: 20 }).expect(415);
    expect(body.code).toBe("not-json");
  });
});

it.each([
  ["shortest title", "x", 20],
  ["longest title", "x".repeat(200), 20],
  ["lowest price", "Chamber music", 0.5],
  ["highest price", "Chamber music", 999_999.99],
  ["price that no binary fraction is", "Chamber music", 8.29],
])("accepts the %s", async (_, title, price) => {
  const { body } = await request(app)
    .post("/api/tickets")
    .set("Cookie", signedIn(seller))
    .send({ title, price })
    .expect(201);
  expect(body).toMatchObject({ title, price });
});
