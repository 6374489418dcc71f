import { execute } from "../local/execute";
import { fromSource } from "../local/from-source";
import { root } from "../local/program";
import { databaseServices } from "../services";

interface Document {
  openapi: string;
  info: { title: string };
  paths: Record<string, Record<string, object>>;
  components: Record<string, Record<string, object>>;
}

/** The documents of all services with an API, in one. Their operations are tagged with the title of their service. */
export async function mergedDocument(): Promise<object> {
  const documents = await Promise.all(databaseServices.map(documentOf));
  const [{ openapi, info }] = documents as [Document];
  const merged = {
    openapi,
    info: { ...info, title: "EventHive" },
    servers: [{ url: "/" }],
    tags: documents.map(({ info: { title } }) => ({ name: title })),
    paths: {},
    components: {},
  };
  for (const {
    paths,
    components,
    info: { title },
  } of documents) {
    addAll(
      merged.paths,
      mapValues(paths, (operations) => mapValues(operations, (one) => ({ tags: [title], ...one }))),
    );
    for (const [kind, entries] of Object.entries(components))
      addAll(((merged.components as Document["components"])[kind] ??= {}), entries);
  }
  return merged;
}

/** In a process of its own: services have models of the same names. */
async function documentOf(service: string): Promise<Document> {
  const script = `console.log(JSON.stringify(require("./${service}/src/app").app.locals.openApi()))`;
  const parameters = [...fromSource, "-e", script];
  return JSON.parse(await execute(process.execPath, parameters, { cwd: root, timeout: 180_000 }));
}

const mapValues = <T, U>(values: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

/** @throws when two services give the same name to different things */
function addAll(all: Record<string, object>, more: Record<string, object>): void {
  for (const [name, value] of Object.entries(more)) {
    if (name in all && JSON.stringify(all[name]) !== JSON.stringify(value))
      throw new Error(`Two services describe ${name}, and differently`);
    all[name] = value;
  }
}
