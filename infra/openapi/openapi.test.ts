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
