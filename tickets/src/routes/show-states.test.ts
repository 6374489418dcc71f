import { deliver, newId, setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCreated } from "../listeners/order-created";
import { orderEvent, ticketOnSale } from "../testing";

setUpService(database);

const states = (query: string) => request(app).get(`/api/tickets/states${query}`);

it("shows anyone the tickets that they name, on sale or not", async () => {
  const [free, taken] = [await ticketOnSale(), await ticketOnSale()];
  await ticketOnSale({ title: "not asked for" });
  await deliver(orderCreated, orderEvent(taken));
  const { body } = await states(`?ids=${free.id},${taken.id},${newId()}`).expect(200);
  expect(body).toHaveLength(2);
  expect(body).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: free.id, version: 0, status: "available" }),
      expect.objectContaining({ id: taken.id, version: 1, status: "reserved" }),
    ]),
  );
});

it.each([
  ["an id that is none", "?ids=123"],
  ["no ids", ""],
  ["more than a page of the list holds", `?ids=${Array.from({ length: 101 }, newId).join(",")}`],
])("answers 400 to %s", async (_name, query) => {
  const { body } = await states(query).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field: "ids" }] });
});
