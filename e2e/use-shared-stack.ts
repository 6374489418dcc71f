import { checkResponses } from "./check-responses";
import { stackFile } from "./stack";

beforeAll(() => checkResponses(stackFile().url));
