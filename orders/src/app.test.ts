import { setUpService } from "@eventhive/common/testing";
import { itKeepsItsContract } from "../../common/test/api-contract";
import { app } from "./app";
import { database } from "./database";

setUpService(database);
itKeepsItsContract(app);
