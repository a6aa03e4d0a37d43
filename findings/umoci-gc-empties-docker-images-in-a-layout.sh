#!/usr/bin/env bash
# `umoci gc` takes config and layers away from every image of Docker's types in an OCI layout, and says nothing.
#
# Versions   github.com/opencontainers/umoci v0.6.0, github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the
#            registry), Go 1.24 or later.
# Expected   Garbage is what no entry of index.json leads to. A manifest of a type that the tool cannot read makes it stop, or
#            keep everything, since the layout's specification lets any type stand in the index.
# Seen       `crane pull --format oci` writes an image of Docker's types into the layout as it is. `umoci gc` follows manifests
#            of the OCI's types alone: it keeps the bytes of the other manifest, deletes the config and the layer below it, and
#            ends with 0. The same image with OCI types keeps all of its blobs.
# Matters    A layout is the common store of an offline mirror: one command that should free space leaves names in the index that
#            can never be pushed again, and nobody sees it before that.
# Output     OCI image: 3 blobs, umoci gc ended with 0, 3 blobs, pushed
#            Docker image: 3 blobs, umoci gc ended with 0, 1 blobs, not pushed
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15984
GOBIN=$folder go install github.com/google/go-containerregistry/cmd/crane@v0.22.1 2>log || { cat log; exit 2; }
# Its module replaces others, so it is built from one that requires it.
mkdir module
(cd module && go mod init module && go get github.com/opencontainers/umoci/cmd/umoci@v0.6.0 &&
  go build -o ../umoci github.com/opencontainers/umoci/cmd/umoci) >log 2>&1 || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

echo content >content
tar -cf layer.tar content
blobs() { find "$1/blobs" -type f | wc -l; }
# collect: what garbage collection leaves of an image that `crane append` makes with these options.
collect() {
  local name=$1 ended=0 before pushed=pushed
  shift
  ./crane append "$@" -f layer.tar -t "$registry/app:$name" >log 2>&1
  ./crane pull --format oci "$registry/app:$name" "$name"
  before=$(blobs "$name")
  ./umoci gc --layout "$name" >log 2>&1 || ended=$?
  # To another registry: this one has the blobs.
  ./crane registry serve --address 127.0.0.1:15985 >log 2>&1 &
  until curl -sf -o /dev/null http://127.0.0.1:15985/v2/; do sleep 0.1; done
  ./crane push "$name" 127.0.0.1:15985/app:v1 >log 2>&1 || pushed='not pushed'
  kill $!
  wait $! 2>log || true
  echo "$before blobs, umoci gc ended with $ended, $(blobs "$name") blobs, $pushed"
}
seen=$(
  echo "OCI image: $(collect oci --oci-empty-base)"
  echo "Docker image: $(collect docker)"
)
echo "$seen"
[ "$seen" = 'OCI image: 3 blobs, umoci gc ended with 0, 3 blobs, pushed
Docker image: 3 blobs, umoci gc ended with 0, 1 blobs, not pushed' ]
