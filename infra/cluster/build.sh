#!/usr/bin/env bash
# Builds the cluster's programs from Go modules: Kubernetes and etcd as one binary, CoreDNS, volumes, the ingress controller.
# The CRDs that our manifests use also come from modules.
# Each is rebuilt only when its version or source changes.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
kubernetes=v1.36.3 coredns=v1.14.3 local_path=v0.0.30 metrics_server=v0.9.0
skaffold=v2.19.0 skaffold_sum=h1:qH0CVdT2qAT3PNCfbBXb8Rhb6H5tuWEyQOwK9VaePsE=
traefik=v3.6.12 # the last version whose replaced modules are all available
gateway_api=v1.4.0 # the version that this Traefik supports
cert_manager=v1.21.2 prometheus_operator=v0.85.0 envoy_gateway=v1.9.1 policy_controller=v0.13.1
mkdir -p "$programs"
export GOWORK=off CGO_ENABLED=0 GOFLAGS=-mod=mod

module() { (cd / && go mod download -json "$1" | jq -r ".$2"); }

# build NAME PACKAGE, in a folder with go.mod
build() { nice go build -p 2 -trimpath -buildvcs=false -ldflags "-s -w ${flags:-}" -o "$programs/$1" "$2"; }

# once NAME VERSION FUNCTION: skips steps whose inputs have not changed
once() {
  local made_of; made_of="$2 $({ cat "$here/build.sh"; cat "$here/$1"/*.go 2>/dev/null || true; } | sha256sum)"
  [ "$(cat "$programs/$1.made-of" 2>/dev/null)" = "$made_of" ] && return
  local folder=$EVENTHIVE_CLUSTER/source/$1
  rm -rf "$folder"; mkdir -p "$folder"; cd "$folder"
  "$3"
  echo "$made_of" > "$programs/$1.made-of"
  say "built $1"
}

# The published staging modules of one Kubernetes version, instead of the folders in its go.mod.
kubernetes_modules() {
  local name=$1 staging=v0.${kubernetes#v1.} manifest; manifest=$(module "k8s.io/kubernetes@$kubernetes" GoMod)
  printf 'module %s\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes %s\n' "$name" "$kubernetes"
  printf '\tk8s.io/%s\n' "kubectl $staging" "component-base $staging" "client-go $staging" "api $staging" "apimachinery $staging"
  awk '$1 == "go.etcd.io/etcd/client/v3" { print "\tgo.etcd.io/etcd/server/v3 " $2 "\n)\n"; exit }' "$manifest"
  echo 'replace ('
  sed -n 's#^[[:space:]]*\(k8s.io/[a-z0-9-]*\) => ./staging/.*#\1#p' "$manifest" | sed "s#.*#\t& => & $staging#"
  echo ')'
}
kubernetes_sums() { install -m 644 "$(module "k8s.io/kubernetes@$kubernetes" Dir)/go.sum" go.sum; }

kube() {
  kubernetes_modules kube > go.mod; kubernetes_sums
  cp "$here/kube/"*.go .
  local minor=${kubernetes#v1.} at flags=; minor=${minor%%.*}
  for at in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $at.gitVersion=$kubernetes -X $at.gitMajor=1 -X $at.gitMinor=$minor -X $at.gitTreeState=clean"
  done
  build kube .
  local name
  for name in etcd kubectl kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy network-policies; do
    ln -sf kube "$programs/$name"
  done
}
dns() {
  printf 'module dns\n\ngo 1.25.0\n\nrequire github.com/coredns/coredns %s\n' "$coredns" > go.mod
  cp "$here/dns/main.go" .
  build dns .
}
local-path() {
  kubernetes_modules volumes > go.mod; kubernetes_sums
  echo "require github.com/rancher/local-path-provisioner $local_path" >> go.mod
  build local-path github.com/rancher/local-path-provisioner
}
# Applies the replacements of a program's module: Go uses those of the main module only.
program_of() {
  local name=$1 path=$2 version=$3 source; source=$(module "$path@$version" Dir)
  { printf 'module %s\n\ngo 1.25.0\n\nrequire %s %s\n\n' "$name" "$path" "$version"; sed -n '/^replace/,$p' "$source/go.mod"; } > go.mod
  install -m 644 "$source/go.sum" go.sum
}
traefik() { program_of ingress github.com/traefik/traefik/v3 "$traefik"; build traefik github.com/traefik/traefik/v3/cmd/traefik; }
metrics-server() { program_of metrics sigs.k8s.io/metrics-server "$metrics_server"; build metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server; }
# Not every checksum database knows this module, so its sum is compared here.
skaffold() {
  local path=github.com/GoogleContainerTools/skaffold/v2
  export GONOSUMDB=$path
  [ "$(module "$path@$skaffold" Sum)" = "$skaffold_sum" ] || { echo "$path is not the one that is known here" >&2; return 1; }
  program_of deployer "$path" "$skaffold"
  flags="-X $path/pkg/skaffold/version.version=$skaffold" build skaffold "$path/cmd/skaffold"
}
definitions() {
  rm -rf "$definitions"; mkdir -p "$definitions"
  local kind
  for kind in gatewayclasses gateways httproutes referencegrants grpcroutes backendtlspolicies; do
    definition sigs.k8s.io/gateway-api "$gateway_api" "config/crd/standard/gateway.networking.k8s.io_$kind"
  done
  for kind in certificates clusterissuers; do
    definition github.com/cert-manager/cert-manager "$cert_manager" "deploy/crds/cert-manager.io_$kind"
  done
  for kind in servicemonitors probes prometheusrules; do
    definition github.com/prometheus-operator/prometheus-operator "$prometheus_operator" \
      "example/prometheus-operator-crd/monitoring.coreos.com_$kind"
  done
  definition github.com/envoyproxy/gateway "$envoy_gateway" \
    charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_envoyproxies
  definition github.com/sigstore/policy-controller "$policy_controller" config/300-clusterimagepolicy
  sed -i '/^  conversion:/,/^  group:/{/^  group:/!d}' "$definitions/300-clusterimagepolicy.yaml" # the converting webhook does not run
}
definition() { install -m 644 "$(module "$1@$2" Dir)/$3.yaml" "$definitions"; }

once kube "$kubernetes" kube
once dns "$coredns" dns
once local-path "$kubernetes $local_path" local-path
once traefik "$traefik" traefik
once definitions "$gateway_api $cert_manager $prometheus_operator $envoy_gateway $policy_controller" definitions
once skaffold "$skaffold" skaffold
[ "${1:-}" != --all ] || once metrics-server "$metrics_server" metrics-server
