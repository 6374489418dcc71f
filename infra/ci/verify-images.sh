#!/usr/bin/env bash
# Fails unless every image and its SBOM are signed by the identity or key that cosign's options give:
#   infra/ci/verify-images.sh IMAGES.json OPTION...     as `skaffold build --file-output` writes it
set -euo pipefail
images=$1; shift
[ "$(jq '.builds | length' "$images")" -gt 0 ] || { echo "$images contains no images" >&2; exit 1; }
jq --raw-output '.builds[].tag' "$images" | while read -r image; do
  [[ $image == *@sha256:* ]] || { echo "$image has no digest: the tag may move before it is deployed" >&2; exit 1; }
  cosign verify "$@" "$image" > /dev/null
  cosign verify-attestation --type spdxjson "$@" "$image" > /dev/null
  echo "verified $image"
done
