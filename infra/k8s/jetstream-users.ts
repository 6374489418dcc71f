import { traffic } from "../../common/src/contract/asyncapi";
import { type Subject, subjects } from "../../common/src/contract/events";
import { durableOf, filterOf, inboxPrefixOf, streamName } from "../../common/src/contract/jetstream-names";
import { serviceNames } from "../services";

/** The users of JetStream with what the contract lets them do, for the server's configuration. `npm run fixtures` writes it. */
export const usersFile = "infra/k8s/components/high-availability/users.conf";

export function jetStreamUsers(): string {
  const users = serviceNames.map((name) => {
    const published = subjects.filter((subject) => traffic[subject].from === name);
    return userOf(
      name,
      published,
      subjects.filter((subject) => traffic[subject].to.includes(name)),
    );
  });
  const text = [...users, userOf("bridge", subjects, subjects)].join("");
  return `# Written by \`npm run fixtures\`, from the contract of events.\nauthorization {\n  users: [\n${text}  ]\n}\n`;
}

function userOf(name: string, published: readonly Subject[], received: readonly Subject[]): string {
  const api = "$JS.API";
  const publish = [
    ...published.map(filterOf),
    // Whichever service comes first creates the stream. None may change or delete it.
    `${api}.STREAM.INFO.${streamName}`,
    `${api}.STREAM.CREATE.${streamName}`,
    // The log, for `rebuild` and the age of undelivered events. Reading it cannot be restricted by event.
    `${api}.STREAM.MSG.GET.${streamName}`,
    `${api}.DIRECT.GET.${streamName}`,
    ...received.flatMap((subject) => {
      const durable = durableOf(name, subject);
      return [
        `${api}.CONSUMER.CREATE.${streamName}.${durable}.${filterOf(subject)}`,
        `${api}.CONSUMER.INFO.${streamName}.${durable}`,
        `${api}.CONSUMER.MSG.NEXT.${streamName}.${durable}`,
        `$JS.ACK.${streamName}.${durable}.>`,
      ];
    }),
  ];
  // Every process watches events of its service: for its streams, and to receive bans at once.
  const watched = [...new Set([...published, ...received])];
  const subscribe = [`${inboxPrefixOf(name)}.>`, ...watched.map(filterOf)];
  const lines = (list: string[]) => list.map((subject) => `          "${subject}"\n`).join("");
  return `    {
      nkey: $${name.toUpperCase()}_NKEY
      permissions: {
        publish: [
${lines(publish)}        ]
        subscribe: [
${lines(subscribe)}        ]
      }
    }
`;
}
