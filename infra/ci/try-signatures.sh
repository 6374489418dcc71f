#!/usr/bin/env bash
# Tests signing and admission offline, with a local registry and a generated key: signed images pass infra/ci/verify-images.sh;
# unsigned, changed and foreign ones fail. Then sigstore's policy tester evaluates infra/k8s/admission, with the key in place of
# GitHub's identity.
#   infra/ci/try-signatures.sh     needs Go, kubectl, curl and jq; the first run builds three programs, about 20 minutes on two cores
set -euo pipefail
cd "$(dirname "$0")/../.."
versions=$(grep --only-matching '@v[0-9.]*' "infra/ci/${0##*/}" | sha256sum | head -c 12)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/eventhive/supply-chain/$versions
work=$(mktemp --directory)
trap '[ -z "${registry:-}" ] || kill "$registry"; rm -rf "$work"' EXIT

# The tester's go.mod has replace directives, which only apply in a main module.
build_tester() {
  local module=github.com/sigstore/policy-controller@v0.13.1 source
  mkdir "$work/tester"; cd "$work/tester"
  source=$(cd / && go mod download -json "$module" | jq -r .Dir)
  { printf 'module tester\n\ngo 1.25.0\n\nrequire %s\n\n' "${module/@/ }"; sed -n '/^replace/,$p' "$source/go.mod"; } > go.mod
  install -m 644 "$source/go.sum" go.sum
  GOFLAGS=-mod=mod go build -o "$bin/policy-tester" "${module%@*}/cmd/tester"
}
mkdir -p "$bin"
export GOBIN=$bin CGO_ENABLED=0 GOWORK=off
[ -x "$bin/crane" ] || nice go install "github.com/google/go-containerregistry/cmd/crane@v0.22.1"
[ -x "$bin/cosign" ] || nice go install "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3"
[ -x "$bin/policy-tester" ] || (build_tester)
PATH=$bin:$PATH

mkdir "$work/registry"
address=127.0.0.1:${PORT:-5057}
crane registry serve --address "$address" --disk "$work/registry" > "$work/registry.log" 2>&1 & registry=$!
curl --silent --retry 20 --retry-connrefused --retry-delay 1 "http://$address/v2/" > /dev/null

# image NAME CONTENT: pushes an image with one file, and prints its reference with the digest
image() {
  mkdir -p "$work/content"; echo "$2" > "$work/content/file"
  tar --create --file="$work/layer.tar" --directory="$work/content" file
  crane append --oci-empty-base --new_layer "$work/layer.tar" --new_tag "$address/owner/eventhive/$1:v1" 2> /dev/null |
    sed "s#@#:v1@#"
}
list() { jq --null-input --arg image "$1" '{builds: [{imageName: "eventhive/it", tag: $image}]}' > "$work/images.json"; }

# No transparency log, no timestamps: offline.
echo '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[],"oidcUrls":[],"rekorTlogUrls":[],"tsaUrls":[],"rekorTlogConfig":{},"tsaConfig":{}}' > "$work/signing.json"
export COSIGN_PASSWORD='' COSIGN_YES=true
(cd "$work" && cosign generate-key-pair --output-key-prefix=ours && cosign generate-key-pair --output-key-prefix=theirs) 2> /dev/null
echo '{"spdxVersion":"SPDX-2.3"}' > "$work/sbom.json"
sign() { cosign sign --key "$work/$2.key" --signing-config "$work/signing.json" "$1" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
attest() {
  cosign attest --key "$work/$2.key" --signing-config "$work/signing.json" --type spdxjson --predicate "$work/sbom.json" "$1" \
    > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
verify() { infra/ci/verify-images.sh "$work/images.json" --key "$work/ours.pub" --insecure-ignore-tlog=true > "$work/log" 2>&1; }
accepted() { list "$1"; verify || { cat "$work/log"; echo "FAILED: $2 was rejected"; exit 1; }; echo "accepted: $2"; }
refused() { list "$1"; ! verify || { echo "FAILED: $2 was accepted"; exit 1; }; echo "rejected: $2 ($(grep --max-count=1 --ignore-case 'error\|digest' "$work/log"))"; }

good=$(image good one); sign "$good" ours; attest "$good" ours
accepted "$good" "a signed image with an SBOM"
refused "$(image unsigned two)" "an unsigned image"
bare=$(image bare three); sign "$bare" ours
refused "$bare" "a signed image without an SBOM"
foreign=$(image foreign four); sign "$foreign" theirs; attest "$foreign" theirs
refused "$foreign" "an image signed by another key"
refused "$(image good changed)" "a changed image under the tag of a signed one"
refused "${good%@*}" "a signed image referenced by tag"
list "$good"; echo '{"builds":[]}' > "$work/images.json"
! verify || { echo "FAILED: an empty list was accepted"; exit 1; }
echo "rejected: an empty list"

# With keys, the controller supports the legacy format only.
legacy=(--new-bundle-format=false --use-signing-config=false --tlog-upload=false)
echo '{"buildDefinition":{},"runDetails":{}}' > "$work/provenance.json"
built() { # built NAME KEY: an image with a signature and provenance by that key
  local image; image=$(image "$1" "$1")
  cosign sign --key "$work/$2.key" "${legacy[@]}" "$image" 2> /dev/null
  cosign attest --key "$work/$2.key" "${legacy[@]}" --type slsaprovenance1 --predicate "$work/provenance.json" "$image" 2> /dev/null
  echo "$image"
}
signed_only=$(image signed-only six)
cosign sign --key "$work/ours.key" "${legacy[@]}" "$signed_only" 2> /dev/null
policy() { # policy NAME: with the generated key in place of GitHub's identity
  kubectl kustomize infra/k8s/admission | node -e '
    const { parseAllDocuments } = require("yaml");
    const policies = parseAllDocuments(require("fs").readFileSync(0, "utf8")).map((one) => one.toJS());
    const policy = policies.find(({ metadata }) => metadata.name === process.argv[1]);
    const [authority] = policy.spec.authorities;
    if (authority.keyless) {
      policy.spec.images = policy.spec.images.map(({ glob }) => ({ glob: glob.replace("ghcr.io/OWNER", process.argv[2]) }));
      delete authority.keyless;
      delete authority.signatureFormat;
      authority.key = { data: require("fs").readFileSync(process.argv[3], "utf8") };
    }
    console.log(JSON.stringify(policy));
  ' "$1" "$address/owner" "$work/ours.pub" > "$work/policy.yaml"
}
admits() { policy-tester --policy "$work/policy.yaml" --image "$1" > "$work/log" 2>&1; }
policy eventhive
admits "$(built admitted ours)" || { cat "$work/log"; echo "FAILED: an image with provenance was not admitted"; exit 1; }
echo "admitted: an image with provenance"
rejects() { ! admits "$1" || { echo "FAILED: $2 was admitted"; exit 1; }; echo "rejected: $2 ($(grep --only-matching '{"errors".*' "$work/log"))"; }
rejects "$signed_only" "a signed image without provenance"
rejects "$(image unsigned two)" "an unsigned image"
rejects "$(built outsider theirs)" "an image with provenance by another key"
policy eventhive-stores
stores=$({ # gke-ha has JetStream instead of NATS Streaming
  kubectl kustomize infra/k8s/overlays/gke
  kubectl kustomize infra/k8s/overlays/gke-ha
} | sed --quiet 's/^ *image: \(.*@sha256:.*\)/\1/p' | sort --unique)
for image in $stores; do
  admits "$image" || { cat "$work/log"; echo "FAILED: $image was not admitted"; exit 1; }
done
echo "admitted: the stores' images"
rejects docker.io/library/nginx:1.29.0 "another image"
