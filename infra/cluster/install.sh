#!/usr/bin/env bash
# Installs the Debian packages that a node and its images need.
set -euo pipefail
packages=(containerd containernetworking-plugins runc iptables nftables conntrack iproute2 openssl busybox-static buildah
  ca-certificates gcc libc6-dev curl jq)
dpkg-query --show "${packages[@]}" >/dev/null 2>&1 && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends --option=DPkg::Lock::Timeout=120 "${packages[@]}" >/dev/null
