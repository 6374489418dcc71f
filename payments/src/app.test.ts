import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { itKeepsItsContract } from "../../common/test/api-contract";
import { app } from "./app";
import { database } from "./database";
import { webhookConfigured } from "./metrics";

setUpService(database);
itKeepsItsContract(app);

it("has no webhook while no secret is set", async () => {
  await request(app).post("/api/payments/webhook").send("{}").expect(404);
  expect((await webhookConfigured.get()).values).toMatchObject([{ value: 0 }]);
});
