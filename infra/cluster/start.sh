#!/usr/bin/env bash
# Starts a single-node Kubernetes cluster in its own network namespace, from the output of build.sh and add-ons.sh.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
[ -e "$run" ] && { echo "$run exists: run infra/cluster/stop.sh first" >&2; exit 1; }
mkdir -p "$keys" "$logs" "$pids" "$run"/{cni,kubelet,pod-logs,volumes}

# wait_for WHAT SECONDS COMMAND...
wait_for() {
  local what=$1 end=$((SECONDS + $2)); shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "Timed out: $what (see $logs)" >&2; return 1; }
    sleep 0.2
  done
  say "$what"
}
# launch NAME COMMAND...
launch() {
  local name=$1; shift
  setsid nsenter --net="/run/netns/$network" -- "$@" > "$logs/$name.log" 2>&1 < /dev/null &
  echo $! > "$pids/$name"
}

# --- the kubelet changes these settings of the machine; stop.sh restores them
for k in vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes; do
  echo "$k=$(sysctl -n $k 2>/dev/null)"; done | grep -v '=$' > "$run/sysctl-before" || true

# --- network namespace: loopback and a veth pair (some kernels have no "dummy" device) with the node's address and default route
{ ls /run/netns 2>/dev/null || true; } | sort > "$run/namespaces-before"
ip netns add $network
in_node sh -ec "ip link set lo up; ip link add node0 type veth peer name node0p; ip link set node0p up; ip addr add $node_address/32 dev node0; ip link set node0 up
  ip route add default dev node0 src $node_address
  sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0"
# --- a second namespace with a public address that listens on 80 and 443: the outside, for tests of egress policies
ip netns add $outside
in_node ip link add out0 type veth peer name out0 netns $outside
in_node sh -ec "ip addr add ${outside_address%.*}.254/24 dev out0; ip link set out0 up"
ip netns exec $outside sh -ec "ip addr add $outside_address/24 dev out0; ip link set lo up; ip link set out0 up; ip route add default via ${outside_address%.*}.254"
for port in 80 443; do
  setsid ip netns exec $outside busybox httpd -f -p $outside_address:$port -h "$run/cni" > /dev/null 2>&1 < /dev/null &
done
say "network namespaces"

"$here/certificates.sh"
"$here/configuration.sh"; say "certificates and configuration"

# --- etcd, on a temporary directory (so without fsync)
launch etcd "$programs/etcd" --name=e --data-dir="$run/etcd" --unsafe-no-fsync --log-level=warn \
  --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
  --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 --initial-cluster=e=http://127.0.0.1:2380

# --- control plane
launch kube-apiserver "$programs/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --advertise-address=$node_address --secure-port=6443 \
  --tls-cert-file="$keys/apiserver.crt" --tls-private-key-file="$keys/apiserver.key" --client-ca-file="$keys/ca.crt" \
  --service-cluster-ip-range=$services_range --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
  --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-signing-key-file="$keys/sa.key" --service-account-key-file="$keys/sa.pub" \
  --kubelet-client-certificate="$keys/admin.crt" --kubelet-client-key="$keys/admin.key" --kubelet-preferred-address-types=InternalIP \
  --requestheader-client-ca-file="$keys/ca.crt" --requestheader-allowed-names=front-proxy --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
  --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$keys/front-proxy.crt" --proxy-client-key-file="$keys/front-proxy.key"

# --- containerd
launch containerd containerd --config "$run/containerd.toml"
wait_for "containerd" 30 ctr version
"$here/load.sh" add-ons
wait_for "kube-apiserver" 120 kubectl get --raw /readyz

launch kube-controller-manager "$programs/kube-controller-manager" --kubeconfig="$run/kube-controller-manager.kubeconfig" --leader-elect=false \
  --use-service-account-credentials=true --service-account-private-key-file="$keys/sa.key" --root-ca-file="$keys/ca.crt" \
  --cluster-signing-cert-file="$keys/ca.crt" --cluster-signing-key-file="$keys/ca.key" --bind-address=127.0.0.1
launch kube-scheduler "$programs/kube-scheduler" --kubeconfig="$run/kube-scheduler.kubeconfig" --leader-elect=false --bind-address=127.0.0.1

# --- the node
launch kubelet "$programs/kubelet" --config="$run/kubelet.yaml" --kubeconfig="$run/kubelet.kubeconfig" --hostname-override=$node --node-ip=$node_address \
  --root-dir="$run/kubelet" --cert-dir="$run/kubelet-pki"
launch kube-proxy "$programs/kube-proxy" --config="$run/kube-proxy.yaml"
launch network-policies "$programs/network-policies"

wait_for "node registered" 60 kubectl get node $node
kubectl wait --for=condition=Ready node/$node --timeout=90s >/dev/null; say "node ready"
kubectl apply --server-side -f "$definitions" >/dev/null; say "custom resource definitions"
add_on() { sed "s|@VOLUMES@|$run/volumes|" "$here/add-ons/$1.yaml" | kubectl apply -f - >/dev/null; }
for name in coredns local-path traefik; do add_on $name; done
kubectl -n kube-system rollout status deployment/coredns --timeout=120s >/dev/null; say "DNS"
kubectl -n local-path-storage rollout status deployment/local-path-provisioner --timeout=60s >/dev/null; say "volumes"
kubectl -n ingress rollout status deployment/traefik --timeout=120s >/dev/null; say "ingress"
