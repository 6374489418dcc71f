import { Fragment } from "react";
import { type Schema, nameOf } from "@/lib/api/document";

/** Text whose parts in backticks are code. */
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}

/** The fields of an object. */
export function Fields({ schema: { properties = {}, required = [] } }: { schema: Schema }) {
  const fields = Object.entries(properties);
  if (fields.length === 0) return <p>An empty object.</p>;
  return (
    <dl className="facts">
      {fields.map(([name, schema]) => (
        <Fragment key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            <SchemaText schema={schema} isRequired={required.includes(name)} />
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

interface SchemaTextProps {
  schema: Schema;
  isRequired?: boolean;
  description?: string;
}

/** A schema in a line, with the fields of an object that has no name below it. */
export function SchemaText({ schema, isRequired = true, description = schema.description }: SchemaTextProps) {
  const { default: preset } = schema;
  return (
    <>
      <TypeText schema={schema} />
      {!isRequired && preset === undefined && ", optional"}
      {preset !== undefined && `, ${preset} by default`}
      {description && (
        <div className="quiet">
          <Prose text={description} />
        </div>
      )}
      {schema.properties && <Fields schema={schema} />}
      {schema.contentSchema && <Fields schema={schema.contentSchema} />}
    </>
  );
}

function TypeText({ schema }: { schema: Schema }) {
  const { $ref, anyOf, items, enum: values, const: constant, type = "any", format } = schema;
  if ($ref) return <a href={`#${nameOf($ref)}`}>{nameOf($ref)}</a>;
  if (anyOf)
    return anyOf.map((one, index) => (
      <span key={index}>
        {index > 0 && " or "}
        <TypeText schema={one} />
      </span>
    ));
  if (items)
    return (
      <>
        array of <TypeText schema={items} />
      </>
    );
  if (constant !== undefined) return JSON.stringify(constant);
  if (values) return values.map((value) => JSON.stringify(value)).join(" | ");
  return format ? `${type} (${format})` : type;
}
