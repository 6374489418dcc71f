import type { Metadata } from "next";
import { DocsNavigation, Example, Part } from "@/components/part";
import { Fields } from "@/components/schema";
import { type EventOverview, allEvents, eventSchemas } from "@/lib/api/events";

export const metadata: Metadata = {
  title: "Events",
  description: "The events that EventHive’s services share: their publishers, consumers and fields.",
};

export default function EventsPage() {
  const publishers = [...new Set(allEvents.map(({ publisher }) => publisher))];
  const { envelope } = eventSchemas;
  return (
    <div className="stack">
      <h1>Events</h1>
      <DocsNavigation current="Events" />
      <p>
        The services exchange CloudEvents, described by an <a href="/api/asyncapi.json">AsyncAPI document</a>.
        Each is delivered at least once, in any order, and carries the whole public state of its aggregate:
        apply it only if its <code>version</code> is higher than the stored one. Fields and events are added,
        but never removed or given another meaning.
      </p>
      {publishers.map((name) => (
        <section key={name} className="stack" aria-labelledby={name}>
          <h2 id={name}>Published by {name}</h2>
          {allEvents
            .filter(({ publisher }) => publisher === name)
            .map((event) => (
              <EventPart key={event.key} event={event} />
            ))}
        </section>
      ))}
      <section className="stack" aria-labelledby="all-events">
        <h2 id="all-events">All events</h2>
        <Part id="envelope" title="Envelope">
          {envelope && <Fields schema={envelope} />}
        </Part>
      </section>
    </div>
  );
}

function EventPart({ event }: { event: EventOverview }) {
  const { key, subject, when, publisher, consumers, data, example } = event;
  const schema = eventSchemas[data];
  return (
    <Part
      id={key}
      title={
        <>
          <code>{subject}</code> {when}
        </>
      }
    >
      <dl className="facts">
        <dt>Publisher</dt>
        <dd>{publisher}</dd>
        <dt>Consumers</dt>
        <dd>{consumers.join(", ") || "none"}</dd>
      </dl>
      <h4>
        Fields of <code>data</code>
      </h4>
      {schema && <Fields schema={schema} />}
      <Example of={example} />
    </Part>
  );
}
