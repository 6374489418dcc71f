import { setUpService } from "@eventhive/common/testing";
import { itSurvivesAnyMessage } from "../../../common/test/fuzz-channels";
import { database } from "../database";
import { orderCancelled, orderCompleted, orderCreated, orderUpdated } from "./orders";

setUpService(database);
itSurvivesAnyMessage({
  database,
  aggregates: { Ticket: "ticket:created" },
  listeners: [orderCreated, orderUpdated, orderCancelled, orderCompleted],
});
