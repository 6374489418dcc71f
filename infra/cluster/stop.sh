#!/usr/bin/env bash
# Ends what start.sh started and removes what it made; programs and images stay for the next start.
set -uo pipefail
. "$(dirname "$0")/settings.sh"
[ -e "$run" ] || exit 0

# end PID...: asks, and after 5 s insists
end() {
  kill "$@" 2>/dev/null || return 0
  timeout 5 tail --pid="$1" -f /dev/null
  kill -9 "$@" 2>/dev/null
}
# Everything of the node lives in its namespace; pods have their own.
inhabitants() { ip netns pids "$1" 2>/dev/null; }
is_ours() { inhabitants "$network" | grep -qx "$1"; }

kubelet=$(cat "$pids/kubelet" 2>/dev/null) && is_ours "$kubelet" && end "$kubelet" # or it would start pods again
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
