import { join } from "node:path";
import { binFolder, install } from "../local/find-server";
import { firstThatRuns, firstThatWorks, foldersOnPath, type Search } from "../local/first-that-works";
import { downloadKustomize, downloadPrometheus, fromDebian, fromGo, type Install } from "../local/install";

export interface Tool {
  name: string;
  /** The arguments that print its version. */
  version: string[];
  ways: [name: string, getInto: Install][];
  installHint: string;
}

export const kustomize: Tool = {
  name: "kustomize",
  version: ["version"],
  ways: [
    ["its official download", downloadKustomize],
    ["the Go module kustomize 5.8.1", fromGo("sigs.k8s.io/kustomize/kustomize/v5@v5.8.1")],
  ],
  installHint: "install kustomize 5, or Go",
};

/** Debian's package is older than the version in production, but installs in seconds; the module takes minutes to build. */
const partOfPrometheus = (name: string): Tool => ({
  name,
  version: ["--version"],
  ways: [
    ["its official download", downloadPrometheus],
    ["Debian's package prometheus", fromDebian("prometheus", `usr/bin/${name}`)],
    [
      "the Go module prometheus 3.16.0",
      fromGo(`github.com/prometheus/prometheus/cmd/${name}@v0.316.0`, "-tags=remove_all_sd"),
    ],
  ],
  installHint: "install Prometheus, or Go 1.26",
});

export const promtool = partOfPrometheus("promtool");
export const prometheus = partOfPrometheus("prometheus");

/** Resolves with the path of a working binary, and installs it if necessary. */
export async function findTool(
  { name, version, ways, installHint }: Tool,
  search: Search = {},
): Promise<string> {
  const paths = [...foldersOnPath(), binFolder].map((folder) => join(folder, name));
  const located = await firstThatRuns(paths, version);
  if (located) return located;
  return firstThatWorks(
    {
      title: name,
      tried: [`${name} on the PATH or in .eventhive/bin: none that runs`],
      ways: ways.map(([way, getInto]) => [
        way,
        async () => (await install(name, getInto, search.signal, version)).binary,
      ]),
      installHint,
    },
    search,
  );
}
