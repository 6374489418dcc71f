#!/usr/bin/env bash
# Runs a command in the cluster's network namespace, because the cluster is unreachable from outside:
#   infra/cluster/run.sh kubectl get pods --all-namespaces
set -euo pipefail
. "$(dirname "$0")/settings.sh"
[ -e "$KUBECONFIG" ] || { echo "No cluster is running: start one with infra/cluster/start.sh" >&2; exit 1; }
[ -z "${ALERTS:-}" ] || (cd "$root" && node infra/bootstrap.mjs e2e/cluster/get-prometheus.ts) # the cluster has no internet access
export PATH=$programs:$PATH EVENTHIVE_URL=http://$node_address GATEWAY_URL=http://$node_address:8080 OUTSIDE_ADDRESS=$outside_address
exec nsenter --net="/run/netns/$network" -- "$@"
