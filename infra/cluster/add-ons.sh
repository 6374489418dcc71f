#!/usr/bin/env bash
# Builds the images of the cluster's own components from the programs of build.sh.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
images=$EVENTHIVE_CLUSTER/add-ons
. "$here/image-functions.sh"

mkdir "$work/pause"
gcc -Os -static -o "$work/pause/pause" "$here/pause.c"
make eventhive.local/pause:1 "$work/pause" <<< $'FROM scratch\nCOPY . /\nUSER 65535:65535\nENTRYPOINT ["/pause"]'
keep eventhive.local/pause:1
for name in dns local-path traefik metrics-server; do
  [ -x "$programs/$name" ] || continue
  mkdir -p "$work/$name/tmp"; chmod 1777 "$work/$name/tmp"; cp "$programs/$name" "$work/$name/program"
  make "eventhive.local/$name:1" "$work/$name" <<< $'FROM scratch\nCOPY . /\nENTRYPOINT ["/program"]'
  keep "eventhive.local/$name:1"
done
system "$work/tools"
make eventhive.local/tools:1 "$work/tools" <<< $'FROM scratch\nCOPY . /'
keep eventhive.local/tools:1
name_images
say "images of the add-ons"
