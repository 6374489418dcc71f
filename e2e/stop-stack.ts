export default async function stopStack(): Promise<void> {
  await globalThis.stopStack?.();
}
