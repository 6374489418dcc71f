import { itSurvivesAnyMessage } from "../../../common/test/fuzz-channels";
import { expirationWorker } from "../expirations";
import { orderCreated } from "./order-created";
import { orderCancelled, orderCompleted } from "./order-ended";

afterAll(() => expirationWorker.stop());

itSurvivesAnyMessage({ listeners: [orderCreated, orderCancelled, orderCompleted] });
