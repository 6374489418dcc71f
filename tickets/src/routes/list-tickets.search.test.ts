import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { z } from "zod";
import { app } from "../app";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { ticketOnSale } from "../../test/fixtures";

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
  ["two letters for one", "STRASSE", "Straße 9"],
  ["one letter for two", "straße", "STRASSE 9"],
  ["a capital ß", "STRAẞE", "Strasse 9"],
  ["plain letters for those of Denmark", "orsted", "Ørsted"],
  ["plain letters for those of Iceland", "thor aegir", "Þór og Ægir"],
  ["plain letters for those of Poland", "lodz", "Łódź"],
  ["plain letters for those of Vietnam", "dong", "Đồng"],
  ["plain letters for those of France", "oeuvre", "Œuvre"],
  ["a dotless i", "istanbul kiz", "İSTANBUL kız"],
  ["a Turkish capital", "KIZ", "kız"],
  ["an undotted small letter", "ıstanbul", "Istanbul"],
  ["ligatures", "office", "oﬃce"],
  ["a final sigma", "ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"],
  ["the beginning of a word up to a sigma that ends it", "οδυς", "Οδυσσεύς"],
  ["a soft hyphen", "konzert", "Kon\u00adzert"],
  ["an okina", "hawaii", "Hawaiʻi"],
  ["Hebrew without points", "שלום", "שָׁלוֹם עולם"],
  ["Arabic without marks", "موسيقى", "مُوسِيقَى الليل"],
  ["Arabic without a tatweel", "كتاب", "كـتـاب"],
  ["a word within Japanese", "ジャズ", "東京ジャズフェスティバル2030"],
  ["the beginning of a word within Japanese", "フェス", "東京ジャズフェスティバル2030"],
  ["digits beside Japanese", "2030", "東京ジャズフェスティバル2030"],
  ["half-width Japanese", "ｼﾞｬｽﾞ", "東京ジャズ"],
  ["a word within Chinese", "音乐会", "北京新年音乐会门票"],
  ["one Chinese letter", "年", "北京新年音乐会门票"],
  ["a word within Thai", "ดนตรี", "เทศกาลดนตรีแจ๊ส"],
  ["the beginning of Korean", "재즈", "재즈페스티벌 서울"],
  ["more of a long word than is stored", "x".repeat(60), "x".repeat(199)],
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
  ["signs alone", "."],
  ["an emoji alone", "🎸"],
  ["what cannot be seen", "\u200b"],
])("does not find a ticket by %s", async (_, q) => {
  await ticketOnSale();
  const { body } = await request(app).get("/api/tickets").query({ q }).expect(200);
  expect(body).toEqual([]);
});

it("distinguishes Japanese letters that differ by a mark", async () => {
  await ticketOnSale({ title: "かっこう" });
  const { body } = await request(app).get("/api/tickets").query({ q: "がっこう" }).expect(200);
  expect(body).toEqual([]);
});

it.each(["", "  "])("lists everything for the search %j", async (q) => {
  await ticketOnSale();
  const { body } = await request(app).get("/api/tickets").query({ q }).expect(200);
  expect(body).toHaveLength(1);
});

it("finds nothing in the seller's own list for a search without words", async () => {
  const seller = newId();
  await ticketOnSale({ userId: seller });
  const mine = request(app).get("/api/tickets").set("Cookie", signedIn(seller));
  expect((await mine.query({ q: "...", mine: true }).expect(200)).body).toEqual([]);
});

it("searches the seller's own list", async () => {
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

it.each([
  ["of signs that stand for many letters each", "㌖".repeat(200)],
  ["that is one word", "x".repeat(200)],
  [
    "of random letters",
    Array.from({ length: 200 }, (_, n) => String.fromCharCode(97 + ((n * n * 7) % 26))).join(""),
  ],
  [
    "of words that are as long as what is stored",
    Array.from({ length: 9 }, (_, n) => `${n}${"abcdefghijklmnopqrs"}`).join(" "),
  ],
  [
    "in a script without spaces",
    Array.from({ length: 200 }, (_, n) => String.fromCodePoint(0x4e00 + n)).join(""),
  ],
])("stores few terms even of a title %s", async (_, title) => {
  await ticketOnSale({ title });
  const bytes = { $sum: { $bsonSize: "$$ROOT" } };
  const [sum] = await Ticket.aggregate<{ bytes: number }>([{ $group: { _id: null, bytes } }]);
  expect(sum?.bytes).toBeLessThan(10_000);
  const [{ beginnings } = {}] = await Ticket.find().select("beginnings").lean();
  expect(beginnings?.length).toBeLessThanOrEqual(201); // entries in each of two indexes
});

it("keeps withdrawn tickets out of the indexes of terms, and finds them in the seller's own list", async () => {
  const ticket = await ticketOnSale();
  const keys = async () => {
    const report = await database.db?.command({ validate: "tickets" });
    const { keysPerIndex } = z.object({ keysPerIndex: z.record(z.string(), z.number()) }).parse(report);
    return Object.entries(keysPerIndex)
      .filter(([name]) => name.startsWith("beginnings"))
      .map(([, count]) => count);
  };
  expect(Math.min(...(await keys()))).toBeGreaterThan(0);
  const edited = await Ticket.findById(ticket.id).orFail();
  edited.withdraw();
  await edited.save();
  expect(await keys()).toEqual([0, 0]);
  const mine = request(app).get("/api/tickets").set("Cookie", signedIn(ticket.userId));
  expect((await mine.query({ q: "cham", mine: true }).expect(200)).body).toMatchObject([{ id: ticket.id }]);
});
