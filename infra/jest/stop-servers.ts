import type { Project } from "./start-servers";

export default async function stopServers(_: unknown, { displayName: { name } }: Project): Promise<void> {
  await globalThis.stopServers?.[name]?.();
}
