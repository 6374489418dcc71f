#!/usr/bin/env bash
# Runs a command beside the cluster, which nobody outside of its network namespace can reach:
#   infra/cluster/run.sh kubectl get pods --all-namespaces
set -euo pipefail
. "$(dirname "$0")/settings.sh"
[ -e "$KUBECONFIG" ] || { echo "No cluster runs here: infra/cluster/start.sh starts one" >&2; exit 1; }
export PATH=$programs:$PATH EVENTHIVE_URL=http://$node_address GATEWAY_URL=http://$node_address:8080 OUTSIDE_ADDRESS=$outside_address
exec nsenter --net="/run/netns/$network" -- "$@"
