import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { ticketOnSale } from "../testing";

setUpService(database);

it.each([
  ["a whole word", "music", "Chamber music"],
  ["the beginning of a word", "cham", "Chamber music"],
  ["beginnings in any order", "mus ch", "Chamber music"],
  ["other capitals", "CHAMBER", "Chamber music"],
  ["a title with accents", "francois", "Soirée François Couperin"],
  ["a search with accents", "soirée", "SOIREE FRANCOIS"],
  ["words between signs", "n roll", "Rock'n'Roll (live)"],
  ["digits", "2030", "New Year 2030"],
  ["another alphabet", "чайк", "Чайка"],
  ["the last word of a long title in Hangul", "축제", `${"재".repeat(190)} 축제`],
  ["wide letters", "jazz", "ＪＡＺＺ night"],
  ["a letter outside the basic plane", "𐐨", "𐐀𐐁"],
])("finds a ticket by %s", async (_, q, title) => {
  await ticketOnSale({ title });
  const { body } = await request(app).get("/api/tickets").query({ q }).expect(200);
  expect(body).toMatchObject([{ title }]);
});

it.each([
  ["the middle of a word", "hamber"],
  ["one word that fits and one that does not", "chamber jazz"],
  ["more than a word", "chambermusic"],
  ["an expression", "c.amber"],
])("does not find a ticket by %s", async (_, q) => {
  await ticketOnSale();
  const { body } = await request(app).get("/api/tickets").query({ q }).expect(200);
  expect(body).toEqual([]);
});

it.each(["", "  ", "!?"])("lists everything for the search %j, which has no words", async (q) => {
  await ticketOnSale();
  const { body } = await request(app).get("/api/tickets").query({ q }).expect(200);
  expect(body).toHaveLength(1);
});

it("searches among one's own", async () => {
  const seller = newId();
  await ticketOnSale({ userId: seller });
  await ticketOnSale({ userId: seller, title: "Jazz" });
  await ticketOnSale();
  const { body } = await request(app)
    .get("/api/tickets")
    .set("Cookie", signedIn(seller))
    .query({ q: "cham", mine: true })
    .expect(200);
  expect(body).toMatchObject([{ title: "Chamber music", userId: seller }]);
});

it("keeps little even of a title whose signs stand for many letters each", async () => {
  await ticketOnSale({ title: "㌖".repeat(200) });
  const bytes = { $sum: { $bsonSize: "$$ROOT" } };
  const [sum] = await Ticket.aggregate<{ bytes: number }>([{ $group: { _id: null, bytes } }]);
  expect(sum?.bytes).toBeLessThan(100_000);
});
