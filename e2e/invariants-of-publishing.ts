import type { Event } from "@eventhive/common";
import type { Invariant } from "./snapshot";

/** Every version was published, with one content. A republished event has a new id and the same content. */
const everyVersionIsPublished: Invariant = ({ tickets, orders, published }) => {
  if (!published) return [];
  const contents = contentsByVersion(published, /^(ticket|order):/);
  const sources = new Map([...tickets, ...orders].map(({ id, version }) => [id, version]));
  return [
    ...[...sources].flatMap(([id, newest]) =>
      Array.from({ length: newest + 1 }, (_, version) => version)
        .filter((version) => !contents.get(id)?.has(version))
        .map((version) => `I3: version ${version} of ${id} was never published`),
    ),
    ...[...contents].flatMap(([id, versions]) =>
      [...versions].flatMap(([version, { size }]) => [
        ...(size > 1 ? [`I4: version ${version} of ${id} was published with ${size} contents`] : []),
        ...(version > (sources.get(id) ?? -1)
          ? [
              `I8: version ${version} of ${id} was published, but the stored version is ${sources.get(id) ?? "missing"}`,
            ]
          : []),
      ]),
    ),
  ];
};

function contentsByVersion(published: Event[], types: RegExp): Map<string, Map<number, Set<string>>> {
  const contents = new Map<string, Map<number, Set<string>>>();
  for (const { type, data } of published) {
    if (!types.test(type) || !("version" in data)) continue;
    const versions = contents.get(data.id) ?? new Map<number, Set<string>>();
    contents.set(data.id, versions);
    versions.set(data.version, (versions.get(data.version) ?? new Set()).add(JSON.stringify(data)));
  }
  return contents;
}

const paymentsArePublished: Invariant = ({ money, published }) => {
  if (!published) return [];
  const publishedKeys = new Set(published.map(({ type, subject }) => `${type} ${subject}`));
  return (money?.payments ?? []).flatMap(({ id, state, isAnnounced }) => [
    ...(isAnnounced && !publishedKeys.has(`payment:authorized ${id}`)
      ? [`I3: payment ${id} was authorized, but payment:authorized was never published`]
      : []),
    ...(isAnnounced && state === "failed" && !publishedKeys.has(`payment:failed ${id}`)
      ? [`I3: payment ${id} has failed, but payment:failed was never published`]
      : []),
    ...(["charged", "settled", "refunding", "refunded"].includes(state) &&
    !publishedKeys.has(`payment:created ${id}`)
      ? [`I3: payment ${id} is ${state}, but payment:created was never published`]
      : []),
    ...(state === "refunded" && !publishedKeys.has(`payment:refunded ${id}`)
      ? [`I3: payment ${id} is refunded, but payment:refunded was never published`]
      : []),
  ]);
};

export const publishingInvariants: Invariant[] = [everyVersionIsPublished, paymentsArePublished];
