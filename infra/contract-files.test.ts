import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Release,
  changesSince,
  common,
  contractFiles,
  readJson,
  releaseFile,
  releaseOf,
} from "./contract-files";

const { version, files: published } = readJson("package.json");
const released: Release = readJson(releaseFile);

describe("the files for other languages", () => {
  it.each(Object.entries(contractFiles()))("%s is current: npm run fixtures writes it", (path, content) => {
    expect(readJson(path)).toEqual(content);
  });

  it("include no schema of a removed subject", () => {
    const schemas = Object.keys(contractFiles()).filter((path) => path.startsWith("schemas/"));
    expect(readdirSync(join(common, "schemas")).map((name) => `schemas/${name}`)).toEqual(schemas.toSorted());
  });

  it("are part of the package", () => {
    expect(published).toEqual(expect.arrayContaining(["asyncapi.json", "schemas/*.json"]));
  });
});

describe("the last release", () => {
  const now = releaseOf("2.0.0");

  it("is the one that the package names: npm run fixtures writes its snapshot", () => {
    expect(released.version).toBe(version);
  });

  it("is only added to", () => {
    expect(changesSince(released, now)).toEqual([]);
  });

  it("keeps its subjects", () => {
    const { "urn:eventhive:event:order:updated": _, ...schemas } = now.schemas;
    expect(changesSince(released, { ...now, schemas })).toEqual([
      "urn:eventhive:event:order:updated: removed",
    ]);
    expect(changesSince({ ...released, schemas }, now)).toEqual([]);
  });

  it.each([
    ["address", "order-updated"],
    ["jetStream", { stream: "eventhive", subject: "eventhive.orders.updated.{aggregateId}" }],
    ["contentType", "application/json"],
  ])("keeps the %s of its channels", (property, other) => {
    const { channels }: Release = JSON.parse(JSON.stringify(now));
    const before = JSON.stringify(channels["order-updated"]);
    Object.assign(channels["order-updated"] ?? {}, { [property]: other });
    expect(changesSince(released, { ...now, channels })).toEqual([
      `the channel order-updated is no longer ${before}`,
    ]);
  });

  it("keeps the fields of envelope and data", () => {
    const id = "urn:eventhive:event:order:updated";
    const { schemas }: Release = JSON.parse(JSON.stringify(now));
    delete schemas[id]?.properties?.time;
    delete schemas[id]?.properties?.data?.properties?.expiresAt;
    expect(changesSince(released, { ...now, schemas })).toEqual([
      `${id}.time: removed`,
      `${id}.data.expiresAt: removed`,
    ]);
  });
});
