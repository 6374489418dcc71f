import type { Metadata } from "next";
import { Fragment } from "react";
import { DocsNavigation, Example, Part } from "@/components/part";
import { Fields, Prose, SchemaText } from "@/components/schema";
import { type ApiResponse, type Operation, api, nameOf } from "@/lib/api/document";

export const metadata: Metadata = {
  title: "API",
  description: "The HTTP API of EventHive: its requests, responses and errors.",
};

export default function ApiPage() {
  const operations = Object.entries(api.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  );
  return (
    <div className="stack">
      <h1>API</h1>
      <DocsNavigation current="API" />
      <p>
        Clients that are generated from the <a href="/api/openapi.json">OpenAPI document</a> name their
        methods after these requests. The API only grows: fields, codes and requests are added, but never
        removed or given another meaning. Handle errors by their <code>code</code>, never by their message.
      </p>
      {api.tags.map(({ name }) => (
        <section key={name} className="stack" aria-labelledby={idOf(name)}>
          <h2 id={idOf(name)}>{name}</h2>
          {operations
            .filter(({ operation }) => operation.tags.includes(name))
            .map((one) => (
              <Request key={one.operation.operationId} {...one} />
            ))}
        </section>
      ))}
      <section className="stack" aria-labelledby="schemas">
        <h2 id="schemas">Schemas</h2>
        {Object.entries(api.components.schemas).map(([name, schema]) => (
          <Part key={name} id={name} title={name}>
            <Fields schema={schema} />
            <Example of={schema.examples?.[0]} />
          </Part>
        ))}
      </section>
    </div>
  );
}

const idOf = (name: string) => name.toLowerCase().replaceAll(" ", "-");

function Request({ method, path, operation }: { method: string; path: string; operation: Operation }) {
  const { operationId, summary, security, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"]?.schema;
  return (
    <Part
      id={operationId}
      title={
        <>
          <code>
            {method} {path}
          </code>{" "}
          {summary}
        </>
      }
    >
      <p className="quiet">
        <code>{operationId}</code>
        {security.length > 0 && " · needs a session"}
      </p>
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <dl className="facts">
            {parameters.map(({ name, in: place, required, description, schema }) => (
              <Fragment key={name}>
                <dt>
                  <code>{name}</code> in the {place}
                </dt>
                <dd>
                  <SchemaText schema={schema} isRequired={required} description={description} />
                </dd>
              </Fragment>
            ))}
          </dl>
        </>
      )}
      {body && (
        <>
          <h4>Body</h4>
          {body.properties ? <Fields schema={body} /> : <SchemaText schema={body} />}
        </>
      )}
      <h4>Responses</h4>
      <dl className="facts">
        {Object.entries(responses).map(([status, response]) => (
          <Fragment key={status}>
            <dt>
              <code>{status}</code>
            </dt>
            <dd>
              <ResponseText status={status} response={response} />
            </dd>
          </Fragment>
        ))}
      </dl>
    </Part>
  );
}

function ResponseText({ status, response }: { status: string; response: ApiResponse }) {
  const { description, content = {}, headers } = response;
  const isError = Number(status) >= 400;
  const named = Object.values(headers)
    .map(({ $ref }) => nameOf($ref))
    .filter((name) => name !== "X-Request-Id");
  const schemas = isError ? [] : Object.entries(content);
  return (
    <>
      {isError ? (
        description.split(", ").map((code) => <code key={code}>{code} </code>)
      ) : (
        <Prose text={description} />
      )}
      {schemas.map(([type, { schema }]) => (
        <div key={type}>
          <code>{type}</code>: <SchemaText schema={schema} />
        </div>
      ))}
      {named.length > 0 && <div className="quiet">with {named.join(", ")}</div>}
    </>
  );
}
