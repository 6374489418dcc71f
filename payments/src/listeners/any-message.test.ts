import { setUpService } from "@eventhive/common/testing";
import { itSurvivesAnyMessage } from "../../../common/test/fuzz-channels";
import { database } from "../database";
import { orderCancelled, orderCompleted, orderUpdated } from "./order-changed";
import { orderCreated } from "./order-created";

setUpService(database);
itSurvivesAnyMessage({
  database,
  aggregates: { Payment: "payment:failed" },
  listeners: [orderCreated, orderUpdated, orderCancelled, orderCompleted],
});
