#!/usr/bin/env bash
# An image with a zstd layer that goes through the tar of `crane pull` comes back as one that says its layer is gzip.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, Go 1.24 or later, zstd 1.4 or later.
# Expected   What is pulled into a file and pushed again says of its layers what they are: crane has read the media type,
#            and names the file in the tar `….tar.zst`. If the format cannot keep it, crane says so or compresses anew.
# Seen       Both commands end with 0. The digest of the layer is the old one, its bytes still begin as zstd does, and the new
#            manifest lists it as `application/vnd.docker.image.rootfs.diff.tar.gzip`. So it does when the zstd layer stands
#            behind a gzip layer: the reader of the tar looks at the first layer alone, asks only whether it is compressed
#            at all, and gives every layer the one media type of gzip.
# Matters    Whoever goes by the media type, as the specification means it, hands a file to gzip that is none; the cause lies in
#            a step, moving an image by file, that is taken for harmless.
# Output     zstd: application/vnd.oci.image.layer.v1.tar+zstd
#            zstd through a tar: application/vnd.docker.image.rootfs.diff.tar.gzip, bytes of zstd
#            gzip and zstd through a tar: application/vnd.docker.image.rootfs.diff.tar.gzip, bytes of zstd
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15986
GOBIN=$folder go install github.com/google/go-containerregistry/cmd/crane@v0.22.1 2>log || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "127.0.0.1:$port" >log 2>&1 &
repository=127.0.0.1:$port/app
until curl -s -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

for name in one two; do
  echo "$name" >"$name"
  tar -cf "$name.tar" "$name"
done
gzip one.tar
zstd -q two.tar
./crane append --oci-empty-base -f two.tar.zst -t "$repository:zstd" >log 2>&1
./crane append --oci-empty-base -f one.tar.gz -f two.tar.zst -t "$repository:both" >log 2>&1

last() { ./crane manifest "$repository:$1" | grep -o "\"$2\": *\"[^\"]*" | tail -1 | cut -d'"' -f4; }
through() {
  ./crane pull "$repository:$1" "$1.tar" 2>log
  ./crane push "$1.tar" "$repository:$1-again" >log 2>&1
  [ "$(last "$1" digest)" = "$(last "$1-again" digest)" ] || echo 'another layer'
  ./crane blob "$repository@$(last "$1-again" digest)" >layer
  if zstd -qt layer; then bytes=zstd; else bytes='another kind'; fi
  echo "$(last "$1-again" mediaType), bytes of $bytes"
}
seen=$(
  echo "zstd: $(last zstd mediaType)"
  echo "zstd through a tar: $(through zstd)"
  echo "gzip and zstd through a tar: $(through both)"
)
echo "$seen"
[ "$seen" = 'zstd: application/vnd.oci.image.layer.v1.tar+zstd
zstd through a tar: application/vnd.docker.image.rootfs.diff.tar.gzip, bytes of zstd
gzip and zstd through a tar: application/vnd.docker.image.rootfs.diff.tar.gzip, bytes of zstd' ]
