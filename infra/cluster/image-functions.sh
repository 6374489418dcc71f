# Sourced by what makes images: a layout of its own in $images, and a work folder that goes with the script.
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay
buildah() { command buildah --root "$EVENTHIVE_CLUSTER/buildah" --runroot "$EVENTHIVE_CLUSTER/buildah-run" "$@"; }
mkdir -p "$EVENTHIVE_CLUSTER"
work=$(mktemp -d "$EVENTHIVE_CLUSTER/.images.XXXXXX"); trap 'rm -rf "$work"' EXIT
rm -rf "$images"

# keep NAME [OTHER]: under the name that manifests ask for
keep() { buildah push --quiet --disable-compression "$1" "oci:$images:${2:-$1}" >/dev/null; }

# make NAME CONTEXT: builds what a Dockerfile on standard input says
make() { buildah build --quiet --layers --tag "$1" --file - "$2" >/dev/null; }

# with_libraries FOLDER PROGRAM...: programs, and the libraries that they are linked with
with_libraries() {
  local folder=$1 program library; shift
  mkdir -p "$folder/usr/local/bin"
  for program; do
    program=$(command -v "$program")
    cp -L "$program" "$folder/usr/local/bin/" # under the name it is called by: some are several programs in one
    { ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
      mkdir -p "$folder$(dirname "$library")"; cp -nL "$library" "$folder$library"
    done
  done
}

# What a Debian has, in small: a shell with its tools, and users.
system() {
  local folder=$1 name; mkdir -p "$folder"/{bin,etc,root,tmp}; chmod 1777 "$folder/tmp"
  cp /bin/busybox "$folder/bin/"
  for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "$folder/bin/$name"; done
  printf 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\nstore:x:999:999::/tmp:/bin/sh\n' > "$folder/etc/passwd"
  printf 'hosts: files dns\n' > "$folder/etc/nsswitch.conf"
}

# name_images: containerd reads the whole name of an image from an annotation of its own.
name_images() {
  jq '.manifests[].annotations |= (. + {"io.containerd.image.name": .["org.opencontainers.image.ref.name"]})' \
    "$images/index.json" > "$work/index.json"
  cp "$work/index.json" "$images/index.json"
}
