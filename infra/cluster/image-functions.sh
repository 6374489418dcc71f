# Sourced by the scripts that build images: an OCI layout in $images, and a work folder that is removed at exit.
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay
buildah() { command buildah --root "$EVENTHIVE_CLUSTER/buildah" --runroot "$EVENTHIVE_CLUSTER/buildah-run" "$@"; }
mkdir -p "$EVENTHIVE_CLUSTER"
work=$(mktemp -d "$EVENTHIVE_CLUSTER/.images.XXXXXX"); trap 'rm -rf "$work"' EXIT
rm -rf "$images"

# keep NAME [OTHER]: stores an image under the name that manifests use
keep() { buildah push --quiet --disable-compression "$1" "oci:$images:${2:-$1}" >/dev/null; }

# make NAME CONTEXT: builds the Dockerfile on standard input
make() { buildah build --quiet --layers --tag "$1" --file - "$2" >/dev/null; }

# with_libraries FOLDER PROGRAM...: copies programs and their shared libraries
with_libraries() {
  local folder=$1 program library; shift
  mkdir -p "$folder/usr/local/bin"
  for program; do
    program=$(command -v "$program")
    cp -L "$program" "$folder/usr/local/bin/" # under the name of the link: a multi-call binary depends on it
    { ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
      mkdir -p "$folder$(dirname "$library")"; cp -nL "$library" "$folder$library"
    done
  done
}

# A minimal system: a shell with its tools, and users.
system() {
  local folder=$1 name; mkdir -p "$folder"/{bin,etc,root,tmp}; chmod 1777 "$folder/tmp"
  cp /bin/busybox "$folder/bin/"
  for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "$folder/bin/$name"; done
  printf 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\nstore:x:999:999::/tmp:/bin/sh\n' > "$folder/etc/passwd"
  printf 'hosts: files dns\n' > "$folder/etc/nsswitch.conf"
}

# name_images: containerd reads the full name of an image from its own annotation.
name_images() {
  jq '.manifests[].annotations |= (. + {"io.containerd.image.name": .["org.opencontainers.image.ref.name"]})' \
    "$images/index.json" > "$work/index.json"
  cp "$work/index.json" "$images/index.json"
}
