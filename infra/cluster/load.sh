#!/usr/bin/env bash
# Gives images to the running node.
#   load.sh images     what images.sh has made
set -euo pipefail
. "$(dirname "$0")/settings.sh"
tar -c -C "$EVENTHIVE_CLUSTER/$1" . | ctr images import - >/dev/null
say "loaded $1"
