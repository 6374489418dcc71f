#!/usr/bin/env bash
# Imports images into the running node.
#   load.sh images     the images of images.sh
set -euo pipefail
. "$(dirname "$0")/settings.sh"
tar -c -C "$EVENTHIVE_CLUSTER/$1" . | ctr images import - >/dev/null
say "loaded $1"
