#!/usr/bin/env bash
# Creates the short-lived keys and certificates of the cluster, and a kubeconfig for each client.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
cd "$keys"
ecdsa() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null || openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
ecdsa ca; openssl req -x509 -new -key ca.key -subj /CN=kubernetes-ca -days 30 -out ca.crt
openssl ecparam -name prime256v1 -genkey -noout -out sa.key; openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
cert() { # name subject [san]
  ecdsa "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  { echo "basicConstraints=CA:FALSE"; echo "keyUsage=digitalSignature"; echo "extendedKeyUsage=serverAuth,clientAuth"; [ -n "${3:-}" ] && echo "subjectAltName=$3"; } > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}
cert apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$node_address,IP:$api_address"
cert kubelet-server /CN=$node "DNS:$node,IP:$node_address"
cert admin /O=system:masters/CN=admin
cert front-proxy /CN=front-proxy
cert kube-controller-manager /CN=system:kube-controller-manager
cert kube-scheduler /CN=system:kube-scheduler
cert kube-proxy /CN=system:kube-proxy
cert kubelet "/O=system:nodes/CN=system:node:$node"
for u in admin kube-controller-manager kube-scheduler kube-proxy kubelet; do
  cat > "$run/$u.kubeconfig" <<Y
apiVersion: v1
kind: Config
clusters: [{name: k, cluster: {server: "https://$node_address:6443", certificate-authority: $keys/ca.crt}}]
users: [{name: u, user: {client-certificate: $keys/$u.crt, client-key: $keys/$u.key}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
current-context: c
Y
done
