// Joins the images built for each architecture into one multi-architecture image per name:
//   node infra/ci/join-images.mjs TAG BUILT... >> "$GITHUB_OUTPUT"     BUILT: what `skaffold build --file-output` wrote
import { execFileSync } from "node:child_process";

const [, , tag, ...builds] = process.argv;
if (!tag || builds.length === 0) throw new Error("Usage: node infra/ci/join-images.mjs TAG BUILT...");

const [first, ...others] = builds.map((built) =>
  Object.fromEntries(JSON.parse(built).builds.map(({ imageName, tag }) => [imageName, tag])),
);
const joined = Object.entries(first).map(([imageName, one]) => {
  const sources = [one, ...others.map((images) => images[imageName])].map((reference) => {
    if (!/@sha256:[\da-f]{64}$/.test(reference ?? ""))
      throw new Error(`${imageName} was not built and pushed for every architecture: ${reference}`);
    return reference.replace(/:[^:@/]+@/, "@");
  });
  const [name] = sources[0].split("@");
  docker("imagetools", "create", "--tag", `${name}:${tag}`, ...sources);
  const { digest } = JSON.parse(
    docker("imagetools", "inspect", `${name}:${tag}`, "--format", "{{json .Manifest}}"),
  );
  return { imageName, name, digest };
});

const artifacts = joined.map(({ imageName, name, digest }) => ({
  imageName,
  tag: `${name}:${tag}@${digest}`,
}));
console.log(`built=${JSON.stringify({ builds: artifacts })}`);
console.log(`images=${JSON.stringify(joined.map(({ name, digest }) => ({ name, digest })))}`);

function docker(...parameters) {
  return execFileSync("docker", ["buildx", ...parameters], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
