#!/usr/bin/env bash
# Stops the cluster and removes its files; programs and images remain for the next start.
set -uo pipefail
. "$(dirname "$0")/settings.sh"
[ -e "$run" ] || exit 0

# end PID...: SIGTERM, then SIGKILL after 5 s
end() {
  kill "$@" 2>/dev/null || return 0
  timeout 5 tail --pid="$1" -f /dev/null
  kill -9 "$@" 2>/dev/null
}
# All processes of the node are in its namespace; pods have their own.
inhabitants() { ip netns pids "$1" 2>/dev/null; }
is_ours() { inhabitants "$network" | grep -qx "$1"; }

kubelet=$(cat "$pids/kubelet" 2>/dev/null) && is_ours "$kubelet" && end "$kubelet" # first, because it would restart pods
if [ -S "$socket" ]; then
  for task in $(ctr tasks ls --quiet); do ctr tasks rm --force "$task"; done >/dev/null 2>&1
  for container in $(ctr containers ls --quiet); do ctr containers rm "$container"; done >/dev/null 2>&1
fi
for process in $(inhabitants "$network") $(inhabitants "$outside"); do end "$process"; done
sort -r -k5 /proc/self/mountinfo | awk -v run="$run/" 'index($5, run) == 1 { print $5 }' | xargs -r -n 1 umount -l
# Pods' namespaces are named cni-ID.
comm -13 "$run/namespaces-before" <(ls /run/netns 2>/dev/null | sort) | grep '^cni-' | xargs -r -n 1 ip netns delete
ip netns delete "$outside" 2>/dev/null
ip netns delete "$network" 2>/dev/null
for group in /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods; do
  [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
done
xargs -r sysctl -qw < "$run/sysctl-before"
rm -rf --one-file-system "$run"
