import type { Event } from "@eventhive/common";
import type { Rule } from "./world";

/** Every version was published, with one content; an event announced again has another id, but says the same. */
const versionsAreDense: Rule = ({ tickets, orders, published }) => {
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
              `I8: version ${version} of ${id} was published, but its service has ${sources.get(id) ?? "nothing"}`,
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

const moneyIsAnnounced: Rule = ({ money, published }) => {
  if (!published) return [];
  const announced = new Set(published.map(({ type, subject }) => `${type} ${subject}`));
  return (money?.payments ?? []).flatMap(({ id, state }) => [
    ...(state !== "charging" && state !== "failed" && !announced.has(`payment:created ${id}`)
      ? [`I3: payment ${id} is ${state}, but payment:created was never published`]
      : []),
    ...(state === "refunded" && !announced.has(`payment:refunded ${id}`)
      ? [`I3: payment ${id} is refunded, but payment:refunded was never published`]
      : []),
  ]);
};

export const publishingRules: Rule[] = [versionsAreDense, moneyIsAnnounced];
