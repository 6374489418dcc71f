#!/usr/bin/env bash
# Builds the images of EventHive and its stores from local files and packages, without an image registry.
#   images.sh TAG [dev]     TAG is for EventHive's own images; dev: as `skaffold dev` builds them
set -euo pipefail
. "$(dirname "$0")/settings.sh"
tag=$1 dev=${2:+--target=dev}
images=$EVENTHIVE_CLUSTER/images
. "$here/image-functions.sh"
node "$root/infra/bootstrap.mjs"
PATH=$root/node_modules/.bin:$PATH # as npm does: use the same `node` as everything else

# Replaces the official image of Node.js: node and npm at the same paths.
node_image() {
  system "$work/node"
  with_libraries "$work/node" node
  # Native code of packages needs a part of the C library that node itself is not linked with.
  local libc; libc=$(ldd "$(command -v node)" | grep -o '/[^ ]*/libc\.so\.6')
  cp -L "${libc%/*}/librt.so.1" "$work/node${libc%/*}/"
  mkdir -p "$work/node/usr/local/lib/node_modules"
  cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$work/node/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
  mkdir -p "$work/node/usr/bin"; ln -s ../../bin/busybox "$work/node/usr/bin/env"
  make eventhive.local/node:1 "$work/node" <<< $'FROM scratch\nENV PATH=/usr/local/bin:/usr/bin:/bin\nCOPY . /'
}

# Replaces the official image of Go, with the settings of this machine's Go.
go_image() {
  system "$work/go"
  mkdir -p "$work/go/usr/local" "$work/go/etc/ssl/certs" "$work/go/go"
  cp -r "$(go env GOROOT)" "$work/go/usr/local/go"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/go/etc/ssl/certs/"
  local name settings=
  for name in GOPROXY GOSUMDB GONOSUMDB GOFLAGS; do settings+="ENV $name=\"$(go env $name)\""$'\n'; done
  make eventhive.local/go:1 "$work/go" <<< "FROM scratch
ENV PATH=/usr/local/go/bin:/bin GOMODCACHE=/go/mod GOCACHE=/go/cache GOTOOLCHAIN=local
${settings}COPY . /"
}

# app NAME DOCKERFILE CONTEXT [OPTION...]: a regular build, except for the base image and npm's registry
app() {
  local name=$1 dockerfile=$2 context=$3; shift 3
  buildah build --layers --tag "docker.io/eventhive/$name:$tag" --file "$dockerfile" \
    --build-arg NODE_IMAGE=eventhive.local/node:1 --build-arg GO_IMAGE=eventhive.local/go:1 \
    --volume "$work/npmrc:/usr/local/etc/npmrc:ro" --volume "$work/authorities:/etc/ssl/certs/ca-certificates.crt:ro" \
    --volume "$EVENTHIVE_CLUSTER/npm:/npm" "$@" "$context" > "$work/log" 2>&1 || { cat "$work/log"; return 1; }
  keep "docker.io/eventhive/$name:$tag"
  say "image of $name: $(size_of "docker.io/eventhive/$name:$tag")"
}
# Without the base, which is the first layer.
size_of() {
  local digest layer packed=0 unpacked=0
  digest=$(jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' "$images/index.json")
  for layer in $(jq -r '.layers[1:][].digest' "$images/blobs/${digest/://}"); do
    packed=$((packed + $(stat --format=%s "$images/blobs/${layer/://}")))
    unpacked=$((unpacked + $(gzip --decompress --stdout "$images/blobs/${layer/://}" | wc --bytes)))
  done
  echo "$((unpacked / 1000000)) MB above its base, $((packed / 1000000)) compressed"
}
own_images() {
  printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\ncache=/npm\n' "$(npm config get registry)" > "$work/npmrc"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/authorities"
  mkdir -p "$EVENTHIVE_CLUSTER/npm"
  local service
  for service in $(node -p 'require(process.argv[1]).workspaces.join(" ")' "$root/package.json"); do
    case $service in common | client) continue ;; esac
    app "$service" "$root/infra/Dockerfile" "$root" --build-arg "SERVICE=$service" $dev
  done
  app stripe-sandbox "$root/infra/stripe-sandbox/Dockerfile" "$root"
  app client "$root/client/Dockerfile" "$root" $dev
  app verify "$root/infra/verify/Dockerfile" "$root/infra/verify"
  app backup "$root/infra/backup/Dockerfile" "$root/infra/backup" \
    --volume "$(go env GOMODCACHE):/go/mod" --volume "$(go env GOCACHE):/go/cache"
}

# The servers of `npm start` under the names of the official images, with compatible settings.
store_images() {
  local stores=$work/stores mongod mongo redis_server redis nats_streaming_server nats_streaming nats_server nats
  {
    read -r mongod mongo; read -r redis_server redis
    read -r nats_streaming_server nats_streaming; read -r nats_server nats
  } < <(node "$root/infra/bootstrap.mjs" "$here/find-stores.ts")

  # Based on a service's image, which contains the driver that creates the user.
  with_libraries "$stores/mongo" "$mongod"
  cp "$here/mongo/"* "$stores/mongo/usr/local/bin/"
  store "$mongo" mongo "docker.io/eventhive/orders:$tag" $'USER 999:999\nENTRYPOINT ["docker-entrypoint.sh"]'

  with_libraries "$stores/redis" "$redis_server"
  cp "$here/redis/"* "$stores/redis/usr/local/bin/"
  store "$redis" redis eventhive.local/node:1 $'USER 999:999\nWORKDIR /data\nENTRYPOINT ["redis-server"]'

  with_libraries "$stores/nats-streaming" "$nats_streaming_server"
  store "$nats_streaming" nats-streaming eventhive.local/node:1 'ENTRYPOINT ["nats-streaming-server"]'

  with_libraries "$stores/nats" "$nats_server"
  store "$nats" nats eventhive.local/node:1 'ENTRYPOINT ["nats-server"]'
}
# store NAME:TAG@DIGEST FOLDER BASE HOW: the kubelet resolves a pinned image by NAME@DIGEST, and does not check the content
store() {
  local tagged=docker.io/library/${1%@*} pinned=docker.io/library/${1%%:*}@${1#*@} folder=$2 base=$3 how=$4
  make "$tagged" "$work/stores/$folder" <<< $"FROM $base
USER 0:0
COPY . /
$how"
  keep "$tagged" "$pinned"
}

node_image; say "base image of Node.js"
go_image; say "base image of Go"
own_images
store_images; say "images of the stores"
name_images
