#!/usr/bin/env bash
# Publishes infra/k8s as an OCI artifact for Flux and Argo CD, and prints its reference with the digest:
#   infra/ci/publish-manifests.sh REGISTRY/NAME:TAG
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp --directory); trap 'rm -rf "$work"' EXIT
# Reproducible: equal manifests give an equal digest.
git ls-files infra/k8s | grep --invert-match '\.ts$' |
  tar --create --files-from=- --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --transform='s#^infra/k8s/##' |
  gzip --no-name > "$work/manifests.tar.gz"
${CRANE:-go run github.com/google/go-containerregistry/cmd/crane@v0.22.1} append --oci-empty-base \
  --new_layer "$work/manifests.tar.gz" --new_tag "$1"
