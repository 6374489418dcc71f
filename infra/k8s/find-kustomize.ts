import { join } from "node:path";
import { binFolder, install } from "../local/find-server";
import { firstThatRuns, firstThatWorks, foldersOnPath, type Search } from "../local/first-that-works";
import { downloadKustomize, fromGo, type Install } from "../local/install";

const version = ["version"];

/** The path of a kustomize that runs on this machine, installed first if need be. */
export async function findKustomize(search: Search = {}): Promise<string> {
  const paths = [...foldersOnPath(), binFolder].map((folder) => join(folder, "kustomize"));
  const located = await firstThatRuns(paths, version);
  if (located) return located;
  const from = (getInto: Install) => async () =>
    (await install("kustomize", getInto, search.signal, version)).binary;
  return firstThatWorks(
    {
      title: "kustomize",
      tried: ["kustomize on the PATH or in .eventhive/bin: none that runs"],
      ways: [
        ["its official download", from(downloadKustomize)],
        ["the Go module kustomize 5.8.1", from(fromGo("sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"))],
      ],
      mend: "install kustomize 5, or Go",
    },
    search,
  );
}
