#!/usr/bin/env bash
# Runs `npm run e2e:cluster` on a temporary Kubernetes cluster on this machine.
#   e2e.sh [--all]           also tests alerts, the loss of all stores and autoscaling, and limits how long failovers take
#   e2e.sh --failovers N     only interrupts each store, at least N times in each way
# A missing prerequisite skips the tests, or fails them if CI is set.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

missing_prerequisite() {
  [ "$(uname)" = Linux ] || { echo "this is not Linux"; return; }
  [ "$(id -u)" = 0 ] || { echo "creating network namespaces and containers requires root"; return; }
  unshare --net --mount true 2>/dev/null || { echo "this system does not allow new namespaces"; return; }
  command -v apt-get >/dev/null || { echo "apt-get is not installed"; return; }
  command -v go >/dev/null || { echo "Go is not installed"; return; }
  local version; version=$(go env GOVERSION)
  [ "$(printf 'go1.26\n%s\n' "$version" | sort -V | head -1)" = go1.26 ] || { echo "Go 1.26 is required, but this is $version"; return; }
  [ "$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 6 ] || { echo "6 GiB of available memory are required"; return; }
}
skip() {
  printf '%s\n' "" "*******************************************************************************" \
    "* ${CI:+FAILED, not }SKIPPED: the tests on a real Kubernetes (npm run e2e:cluster)" "* Reason: $1" \
    "*******************************************************************************"
  [ -z "${CI:-}" ] || exit 1
  exit 0
}
# get WHAT SCRIPT [OPTION...]: a step that depends on package registries; if it fails, the tests are skipped
get() {
  local what=$1 script=$2; shift 2
  "$here/$script" "$@" > "$EVENTHIVE_CLUSTER/get.log" 2>&1 || skip "$what failed: $(tail -n 5 "$EVENTHIVE_CLUSTER/get.log")"
  say "$what"
}
report() {
  if [ "$1" != 0 ] && [ -e "$KUBECONFIG" ]; then
    kubectl --namespace eventhive get pods || true
    kubectl --namespace eventhive get events --sort-by=.lastTimestamp | tail -n 60 || true
    kubectl --namespace eventhive logs --selector role=service --prefix --tail=-1 > "$EVENTHIVE_CLUSTER/services.log" || true
    grep '"level":"warn"' "$EVENTHIVE_CLUSTER/services.log" | tail -n 60 || true
    grep -E '"level":"(error|fatal)"' "$EVENTHIVE_CLUSTER/services.log" | tail -n 60 || true
  fi
  "$here/stop.sh"
}

if [ "${1:-}" = --failovers ] && ! [[ "${2:-}" =~ ^[1-9][0-9]*$ ]]; then
  echo "e2e.sh --failovers N: N is the number of kills in each way" >&2
  exit 2
fi
reason=$(missing_prerequisite)
[ -z "$reason" ] || skip "$reason"
mkdir -p "$EVENTHIVE_CLUSTER"
trap 'report $?' EXIT
get "install packages" install.sh
get "build Kubernetes" build.sh "$@"
"$here/add-ons.sh"
"$here/stop.sh" # leftovers of an interrupted run
"$here/start.sh"
tag=$(cd "$root" && git describe --always --dirty)
"$here/images.sh" "$tag"
"$here/load.sh" images
export E2E_WITHOUT="ALERTS AUTOSCALING HIGH_AVAILABILITY LOST_BROKER" # run below
# --bail keeps the logs of a failed test: later tests would replace the pods.
e2e() { IMAGE_TAG=$tag "$here/run.sh" npm --prefix "$root" run e2e:cluster -- --bail "$@"; }
if [ "${1:-}" = --failovers ]; then
  HIGH_AVAILABILITY=yes KILLS=$2 e2e
  exit
fi
e2e
if [ "${1:-}" != --all ]; then
  kubectl delete namespace eventhive >/dev/null # a new deployment follows, also below
  HIGH_AVAILABILITY=yes e2e
  exit
fi
ALERTS=yes e2e --testPathPatterns cluster/alerts
kubectl delete namespace eventhive >/dev/null
LOST_BROKER=yes e2e --testPathPatterns cluster/lost-broker
kubectl delete namespace eventhive >/dev/null
kubectl apply -f "$here/add-ons/metrics-server.yaml" >/dev/null
AUTOSCALING=yes e2e --testPathPatterns autoscaling
kubectl delete namespace eventhive >/dev/null
kubectl delete -f "$here/add-ons/metrics-server.yaml" >/dev/null # failovers are timed, and two cores are few
HIGH_AVAILABILITY=yes KILLS=1 e2e
