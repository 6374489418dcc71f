/** Does nothing if it was already stopped: with `--bail`, Jest calls it again after a failed test. */
export default async function stopStack(): Promise<void> {
  const stop = globalThis.stopStack;
  globalThis.stopStack = undefined;
  await stop?.();
}
