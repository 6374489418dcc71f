import { setUpService } from "@eventhive/common/testing";
import { itSurvivesAnyMessage } from "../../../common/test/fuzz-channels";
import { database } from "../database";
import { expirationComplete } from "./expiration-complete";
import { paymentAuthorized, paymentCreated, paymentFailed } from "./payments";
import { ticketCreated, ticketUpdated } from "./tickets";

setUpService(database);
itSurvivesAnyMessage({
  database,
  aggregates: { Order: "order:created" },
  listeners: [
    ticketCreated,
    ticketUpdated,
    expirationComplete,
    paymentAuthorized,
    paymentFailed,
    paymentCreated,
  ],
});
