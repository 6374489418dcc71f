# Sourced by every script here: paths and addresses.
: "${EVENTHIVE_CLUSTER:=${XDG_CACHE_HOME:-$HOME/.cache}/eventhive/cluster}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
programs=$EVENTHIVE_CLUSTER/bin      # kept: the next start takes a minute
definitions=$EVENTHIVE_CLUSTER/definitions
run=$EVENTHIVE_CLUSTER/run           # all files of a running cluster; stop.sh removes them
logs=$run/logs pids=$run/pids keys=$run/keys
socket=$run/containerd.sock
network=eventhive-cluster            # the node's network namespace, without access to the outside
node=node-1
node_address=172.31.255.1
outside=eventhive-outside            # another namespace, with an address that represents the Internet
outside_address=203.0.113.1          # reserved by RFC 5737
pods_range=10.244.0.0/24
services_range=10.96.0.0/16
api_address=10.96.0.1
dns_address=10.96.0.10
export KUBECONFIG=$run/admin.kubeconfig

# Not `ip netns exec`, which hides the cgroups.
in_node() { nsenter --net="/run/netns/$network" -- "$@"; }
kubectl() { in_node "$programs/kubectl" "$@"; }
ctr() { command ctr --address "$socket" --namespace k8s.io "$@"; }

began=$SECONDS
say() { printf '%4ds  %s\n' $((SECONDS - began)) "$*"; }
