import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { temporaryFolder } from "../jest/temporary-folder";
import { execute } from "../local/execute";
import { root } from "../local/program";

jest.setTimeout(300_000);

const committed = join(root, "client/lib/api");

it("the client has the current document and types: if not, run npm run openapi", async () => {
  const folder = temporaryFolder("openapi");
  await execute("npm", ["run", "openapi", "--", folder], { cwd: root });
  for (const file of ["openapi.json", "types.d.ts"])
    expect(await readFile(join(folder, file), "utf8")).toBe(await readFile(join(committed, file), "utf8"));
});

interface Schema {
  $ref?: string;
  items?: Schema;
  properties?: Record<string, object>;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
}

interface Documented {
  schema?: Schema;
  examples?: Record<string, { $ref: string }>;
}

interface Operation {
  parameters: (Documented & { name: string })[];
  requestBody?: { content: Record<string, Documented> };
  responses: Record<string, { content?: Record<string, Documented> }>;
}

it("every parameter, field of a request, header, response and stream has examples that are valid", async () => {
  const { paths, components } = JSON.parse(await readFile(join(committed, "openapi.json"), "utf8"));
  const options = { strict: false, validateFormats: false, multipleOfPrecision: 6 };
  const ajv = new Ajv(options).addSchema({ components }, "api");
  const problems: string[] = [];
  const checkExamples = (name: string, schema: object, examples: unknown[] = []) => {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/'));
    if (examples.length === 0) problems.push(`${name}: no example`);
    for (const example of examples)
      if (!ajv.validate(absolute, example)) problems.push(`${name}: ${ajv.errorsText()}`);
  };
  const checkValue = (name: string, schema: Schema) =>
    checkExamples(name, schema, schema.examples ?? schema.enum ?? (schema.const ? [schema.const] : []));
  /** Of a list, that of its items. */
  const resolved = ({ $ref, items, ...schema }: Schema): Schema =>
    items ? resolved(items) : $ref ? components.schemas[$ref.split("/").at(-1) ?? ""] : schema;

  for (const [name, { schema }] of Object.entries<Documented>(components.headers))
    checkValue(name, schema ?? {});
  for (const [path, operations] of Object.entries<Record<string, Operation>>(paths))
    for (const [method, { parameters, requestBody, responses }] of Object.entries(operations)) {
      for (const { name, schema } of parameters) checkValue(`${method} ${path}: ${name}`, schema ?? {});
      const { schema } = requestBody?.content["application/json"] ?? {};
      for (const [name, field] of Object.entries(schema?.properties ?? {}))
        checkValue(`${method} ${path}: ${name}`, field);
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const stream = content["text/event-stream"]?.schema;
        if (stream) checkExamples(`${method} ${path}: stream`, stream, stream.examples);
        const { schema: body, examples = {} } = content["application/json"] ?? {};
        if (body && Number(status) < 400) checkValue(`${method} ${path} ${status}`, resolved(body));
        else if (body) {
          const { code } = body.properties as { code: { enum: string[] } };
          if (Object.keys(examples).join() !== code.enum.join())
            problems.push(`${method} ${path} ${status}: not an example of each code`);
          const values = code.enum.map((each) => components.examples[each]?.value);
          checkExamples(`${method} ${path} ${status}`, body, values);
        }
      }
    }
  expect(problems).toEqual([]);
});

it("every named schema has an example that is valid", async () => {
  const document = JSON.parse(await readFile(join(committed, "openapi.json"), "utf8"));
  const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, "api");
  const names = Object.keys(document.components.schemas);
  expect(names).toEqual(expect.arrayContaining(["Account", "Error", "Order", "Payment", "Ticket"]));
  for (const name of names) {
    const [example] = document.components.schemas[name].examples;
    expect(ajv.validate(`api#/components/schemas/${name}`, example) ? [] : [name, ajv.errorsText()]).toEqual(
      [],
    );
  }
});
