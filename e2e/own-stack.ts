import { checkResponses } from "./check-responses";
import { stackFile } from "./stack";
import { startStack } from "./start-stack";
import stopStack from "./stop-stack";

/** Gives the test file a stack of its own. */
export function useOwnStack(settings?: NodeJS.ProcessEnv): void {
  beforeAll(async () => {
    delete process.env.E2E_DATA;
    await startStack(settings);
    await checkResponses(stackFile().url);
  });

  afterAll(() => stopStack());
}
