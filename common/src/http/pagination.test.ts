import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Types } from "mongoose";
import request from "supertest";
import { Sample, useSamples } from "../../test/sample";
import { createApp } from "./create-app";
import { oneConnection } from "../../test/one-connection";
import { type SortOrder, newestFirst, readPage } from "./pagination";

useSamples();

const lowestFirst: SortOrder = { name: "price", field: "price", direction: 1 };
const highestFirst: SortOrder = { name: "-price", field: "price", direction: -1 };
const sorts = [newestFirst, lowestFirst, highestFirst];

const app = createApp((api) => {
  api.get("/api/samples", async (req, res) => {
    const sort = sorts.find(({ name }) => name === req.query.sort);
    const page = readPage(req, res, { sort, list: req.query.q ? JSON.stringify(req.query.q) : "all" });
    page.send(await Sample.find(page.filter).sort(page.sort).limit(page.limit));
  });
});

/** Samples with prices and ages of which many are the same. */
async function insertSamples(count: number, more = {}): Promise<string[]> {
  const samples = Array.from({ length: count }, (_, index) => ({
    _id: new Types.ObjectId(),
    title: `Sample ${index}`,
    price: index % 3,
    createdAt: new Date(1_800_000_000_000 + (index % 4)),
    version: 0,
    outbox: [],
    ...more,
  }));
  await Sample.collection.insertMany(samples);
  return samples.map(({ _id }) => _id.toHexString());
}

interface Shown {
  id: string;
  price: number;
  createdAt: string;
}

const nextOf = (link: string | undefined) => /^<([^>]+)>; rel="next"$/.exec(link ?? "")?.[1];

/** Follows the links from page to page; `between` happens after each. */
async function follow(path: string, between?: (page: Shown[]) => Promise<void>): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (let next: string | undefined = path; next;) {
    const { body, headers } = await request(app).get(next).expect(200);
    shown.push(...body);
    next = nextOf(headers.link);
    await between?.(body);
  }
  return shown;
}

it.each(sorts)(
  "returns every row once, in order of $name, despite many ties",
  async ({ name, field, direction }) => {
    const ids = await insertSamples(23);
    const shown = await follow(`/api/samples?sort=${name}&limit=5`);
    expect(shown.map(({ id }) => id).toSorted()).toEqual(ids);
    const inOrder = shown.toSorted((one, other) => {
      const difference = Number(new Date(one[field])) - Number(new Date(other[field]));
      return direction * (difference || (one.id < other.id ? -1 : 1));
    });
    expect(shown).toEqual(inOrder);
  },
);

it("skips and repeats nothing while rows are inserted and deleted", async () => {
  const ids = await insertSamples(20);
  const shown = await follow("/api/samples?limit=4", async (page) => {
    await insertSamples(3, { createdAt: new Date(1_900_000_000_000) }); // newer: on pages that were shown already
    await Sample.deleteOne({ _id: page[0]?.id }); // shifts every offset
  });
  expect(shown.map(({ id }) => id).toSorted()).toEqual(ids);
});

it("links to a next page only when there is one, and keeps the rest of the query", async () => {
  await insertSamples(4);
  const all = await request(app).get("/api/samples?limit=4").expect(200);
  expect(all.headers).not.toHaveProperty("link");
  const part = await request(app).get("/api/samples?sort=price&limit=3&q=kite%20%26%20string").expect(200);
  const next = new URL(String(nextOf(part.headers.link)), "http://localhost");
  expect(next.pathname).toBe("/api/samples");
  expect(Object.fromEntries(next.searchParams)).toMatchObject({
    sort: "price",
    limit: "3",
    q: "kite & string",
  });
});

it.each([
  ["a raw ? in the query", "/api/samples?limit=1&q=what?&sort=price", { q: "what?", sort: "price" }],
  ["a target that is a whole URL", "http://evil.example/api/samples?limit=1&sort=price", { sort: "price" }],
])("links to the next page after %s", async (_what, target, query) => {
  await insertSamples(2);
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = oneConnection((server.address() as AddressInfo).port);
  const { headers } = await connection.send("GET", target).finally(() => {
    connection.close();
    server.close();
  });
  const next = nextOf(String(headers.link));
  expect(next).toMatch(/^\/api\/samples\?/);
  const { searchParams } = new URL(String(next), "http://localhost");
  expect(Object.fromEntries(searchParams)).toMatchObject({ limit: "1", ...query });
});

it("returns 50 rows by default, and at most 100", async () => {
  await insertSamples(101);
  expect((await request(app).get("/api/samples")).body).toHaveLength(50);
  expect((await request(app).get("/api/samples?limit=100")).body).toHaveLength(100);
});

it.each(["0", "101", "-1", "1.5", "many", "", "1&limit=2"])("rejects the limit %j", async (limit) => {
  const { body } = await request(app).get(`/api/samples?limit=${limit}`).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "limit" }] });
});

describe("a cursor", () => {
  const cursorOf = async (path: string) => {
    const { headers } = await request(app).get(path).expect(200);
    return new URL(String(nextOf(headers.link)), "http://localhost").searchParams.get("cursor");
  };
  const forged = (cursor: unknown) => Buffer.from(JSON.stringify(cursor)).toString("base64url");
  const id = "a".repeat(24);

  it.each(["sort=price", "sort=-price", "q=kite"])(
    "of the default order is rejected by the list with %s",
    async (query) => {
      await insertSamples(3);
      const cursor = await cursorOf("/api/samples?limit=1");
      const { body } = await request(app).get(`/api/samples?${query}&cursor=${cursor}`).expect(400);
      expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "cursor" }] });
    },
  );

  it("is accepted unchanged", async () => {
    const cursor = forged({ list: "newest all", value: new Date(), id });
    await request(app).get(`/api/samples?cursor=${cursor}`).expect(200);
  });

  it.each([
    "",
    "nonsense",
    forged(null),
    forged({ list: "newest all", value: "yesterday", id }),
    forged({ list: "newest all", value: 5, id }),
    forged({ list: "newest all", value: { $gt: 0 }, id }),
    forged({ list: "newest all", value: new Date(), id: { $ne: null } }),
    forged({ list: "newest all", value: new Date(), id: "1" }),
  ])("that is invalid is refused: %s", async (cursor) => {
    const { body } = await request(app).get(`/api/samples?cursor=${cursor}`).expect(400);
    expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "cursor" }] });
  });
});
