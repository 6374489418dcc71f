#!/usr/bin/env bash
# `npm run e2e:cluster` on a Kubernetes that is made for it here, and goes when it is done.
#   e2e.sh [--all]     with autoscaling and skaffold, too
# What is missing here skips the tests; where CI is set it fails them.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

why_not() {
  [ "$(uname)" = Linux ] || { echo "this is not Linux"; return; }
  [ "$(id -u)" = 0 ] || { echo "only root may make network namespaces and containers"; return; }
  unshare --net --mount true 2>/dev/null || { echo "namespaces of its own are forbidden here"; return; }
  command -v apt-get >/dev/null || { echo "its packages come by apt-get, which is not here"; return; }
  command -v go >/dev/null || { echo "Kubernetes is built by Go, which is not here"; return; }
  local version; version=$(go env GOVERSION)
  [ "$(printf 'go1.26\n%s\n' "$version" | sort -V | head -1)" = go1.26 ] || { echo "Go 1.26 is needed, and here is $version"; return; }
  [ "$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 6 ] || { echo "6 GiB of memory are needed"; return; }
}
skip() {
  printf '%s\n' "" "*******************************************************************************" \
    "* ${CI:+FAILED, not }SKIPPED: the tests on a real Kubernetes (npm run e2e:cluster)" "* because $1" \
    "*******************************************************************************"
  [ -z "${CI:-}" ] || exit 1
  exit 0
}
# get WHAT SCRIPT [OPTION...]: of what others must give; without it there is nothing to test on
get() {
  local what=$1 script=$2; shift 2
  "$here/$script" "$@" > "$EVENTHIVE_CLUSTER/get.log" 2>&1 || skip "$what failed: $(tail -n 5 "$EVENTHIVE_CLUSTER/get.log")"
  say "$what"
}
tell() {
  if [ "$1" != 0 ] && [ -e "$KUBECONFIG" ]; then
    kubectl --namespace eventhive get pods || true
    kubectl --namespace eventhive get events --sort-by=.lastTimestamp | tail -n 60 || true
    kubectl --namespace eventhive logs --selector role=service --prefix --tail=-1 | grep -E '"level":"(warn|error|fatal)"' | tail -n 60 || true
  fi
  "$here/stop.sh"
}

reason=$(why_not)
[ -z "$reason" ] || skip "$reason"
mkdir -p "$EVENTHIVE_CLUSTER"
trap 'tell $?' EXIT
get "install packages" install.sh
get "build Kubernetes" build.sh "$@"
"$here/add-ons.sh"
"$here/stop.sh" # what a run that was broken off may have left
"$here/start.sh"
tag=$(cd "$root" && git describe --always --dirty)
"$here/images.sh" "$tag"
"$here/load.sh" images
# The logs of a test that fails are still there when nothing comes after it.
e2e() { IMAGE_TAG=$tag "$here/run.sh" npm --prefix "$root" run e2e:cluster -- --bail "$@"; }
e2e
[ "${1:-}" = --all ] || exit 0
# Last: where two cores are all there is, more pods at a time are no good to the other tests.
kubectl apply -f "$here/add-ons/metrics-server.yaml" >/dev/null
AUTOSCALING=yes e2e --testPathPatterns autoscaling
